import assert from "node:assert/strict";
import test from "node:test";

import { openByAccessPoint } from "../access-point.js";

const CREATE = { method: "POST", urls: { mrap: "https://alias.example/key?uploads" }, headers: { "x-amz-a": "b" }, expires_at: 1 };
const CALL = { site: "tokyo", file: { name: "a.bin", parts: [{ number: 1 }] } };
const OPENED = { uploads: [{ ticket: "t2", key: "k", site: "dublin", parts: [] }] };

/** What comes of an upload whose creation the access point answers so. */
async function open(answer) {
  const real = globalThis.fetch;
  const sent = [];
  globalThis.fetch = async (url, { method, headers, body }) => {
    sent.push(body ? [new URL(url).pathname, JSON.parse(body)] : [url, method, headers]);
    if (!body) return answer();
    return new Response(JSON.stringify(url.endsWith("created") ? OPENED : { uploads: [{ ticket: "t1", create: CREATE }] }));
  };
  try {
    const connection = { signers: ["https://sign.example.com"], askToken: async () => "token" };
    return { opened: await openByAccessPoint(connection, CALL), sent };
  } finally {
    globalThis.fetch = real;
  }
}

test("the browser creates the upload as the signer signed it, and the signer goes on with its id", async () => {
  const { opened, sent } = await open(() => new Response("<?xml?><R><Key>k</Key><UploadId>a.b-_c</UploadId></R>"));
  assert.deepEqual(opened, OPENED);
  assert.deepEqual(sent, [
    ["/v1/uploads", { site: "tokyo", by_access_point: true, files: [{ name: "a.bin", parts: [] }], token: "token" }],
    [CREATE.urls.mrap, "POST", CREATE.headers],
    ["/v1/uploads/created", { ticket: "t1", upload_id: "a.b-_c", parts: [{ number: 1 }], token: "token" }],
  ]);
});

test("a reply that is refused, hidden by CORS or without an id is an error", async () => {
  const refused = () => new Response("<Error><UploadId>x</UploadId></Error>", { status: 403 });
  await assert.rejects(open(refused), /403/);
  await assert.rejects(
    open(() => {
      throw new TypeError("Failed to fetch");
    }),
  );
  await assert.rejects(open(() => new Response("<R/>")), /200/);
});
