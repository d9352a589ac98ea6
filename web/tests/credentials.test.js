import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

const SAMPLE = {
  number: 1,
  method: "PUT",
  urls: {
    regional: "https://b.s3.eu-west-1.amazonaws.com/private/me/1/%C3%BC.png?partNumber=1&uploadId=a%2Fb&X-Amz-Date=x&X-Amz-Signature=y",
    "path-style": "https://s3.eu-west-1.amazonaws.com/b/private/me/1/%C3%BC.png?partNumber=1&uploadId=a%2Fb&X-Amz-Date=x",
  },
  headers: { "x-amz-checksum-crc64nvme": "AAAAAAAAAAA=" },
  expires_at: 0,
};

const NOW = Date.UTC(2026, 1, 28, 23, 59, 59, 999);

const credentials = (lifetime, server_time = NOW) => ({
  server_time,
  site: "s",
  region: "eu-west-1",
  bucket: "b",
  prefix: "private/me/1/",
  access_key_id: "ASIAEXAMPLE",
  secret_access_key: "secret",
  session_token: "to/ken+==",
  expires_at: server_time + lifetime,
});

function load() {
  // Node.js fetches no files.
  globalThis.fetch = async (url) => new Response(readFileSync(url));
  return import("../credentials.js");
}

test("each part is signed for every path of the sample, with its own number, size and checksum", async () => {
  const { signParts } = await load();
  const parts = [
    { number: 7, size: 5, checksum: "BBBBBBBBBBA=" },
    { number: 8, size: 6, checksum: "CCCCCCCCCCA=" },
  ];
  const signed = await signParts({ credentials: credentials(3_600_000), sample: SAMPLE, now: NOW }, parts);
  assert.deepEqual(
    signed.map(({ number, method, headers, expires_at }) => ({ number, method, headers, expires_at })),
    parts.map(({ number, checksum }) => ({
      number,
      method: "PUT",
      headers: { "x-amz-checksum-crc64nvme": checksum },
      expires_at: Date.UTC(2026, 2, 1, 0, 14, 59),
    })),
  );
  const url = new URL(signed[1].urls["path-style"]);
  assert.equal(`${url.origin}${url.pathname}`, "https://s3.eu-west-1.amazonaws.com/b/private/me/1/%C3%BC.png");
  const { "X-Amz-Signature": signature, ...query } = Object.fromEntries(url.searchParams);
  assert.deepEqual(query, {
    partNumber: "8",
    uploadId: "a/b",
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": "ASIAEXAMPLE/20260228/eu-west-1/s3/aws4_request",
    "X-Amz-Date": "20260228T235959Z",
    "X-Amz-Expires": "900",
    "X-Amz-SignedHeaders": "content-length;host;x-amz-checksum-crc64nvme",
    "X-Amz-Security-Token": "to/ken+==",
  });
  const signatures = signed.flatMap(({ urls }) => Object.values(urls).map((url) => /Signature=([0-9a-f]{64})/.exec(url)?.[1]));
  assert.equal(new Set(signatures).size, 4);
  assert.ok(signatures.includes(signature));
});

test("nothing signed outlives the credentials, and ended ones sign nothing", async () => {
  const { signParts } = await load();
  const sign = (lifetime) => signParts({ credentials: credentials(lifetime), sample: SAMPLE, now: NOW }, [{ number: 1, size: 5 }]);
  const [part] = await sign(90_000);
  assert.match(part.urls.regional, /X-Amz-Expires=90&X-Amz-SignedHeaders=content-length%3Bhost&/);
  assert.deepEqual(part.headers, {});
  await assert.rejects(sign(-1000), RangeError);
});
