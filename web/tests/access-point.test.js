import assert from "node:assert/strict";
import test from "node:test";

import { openByAccessPoint } from "../access-point.js";

const CREATE = { method: "POST", urls: { mrap: "https://alias.example/key?uploads" }, headers: { "x-amz-a": "b" }, expires_at: 1 };
const CALL = { site: "tokyo", file: { name: "a.bin", parts: [{ number: 1 }] } };
const OPENED = { uploads: [{ ticket: "t2", key: "k", site: "dublin", parts: [] }] };

/** What comes of an upload whose creation the access point answers so. */
async function open(answer, created = () => OPENED) {
  const real = globalThis.fetch;
  const sent = [];
  globalThis.fetch = async (url, { method, headers, body }) => {
    sent.push(body ? [new URL(url).pathname, JSON.parse(body)] : [url, method, headers]);
    if (!body) return answer();
    return new Response(JSON.stringify(url.endsWith("created") ? created(JSON.parse(body)) : { uploads: [{ ticket: "t1", create: CREATE }] }));
  };
  try {
    const connection = { signers: ["https://sign.example.com"], askToken: async () => "token" };
    const opened = await openByAccessPoint(connection, CALL).catch((error) => error);
    return { opened, sent };
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
  assert.match(String((await open(refused)).opened), /403/);
  const hidden = () => {
    throw new TypeError("Failed to fetch");
  };
  assert.match(String((await open(hidden)).opened), /Failed to fetch/);
  assert.match(String((await open(() => new Response("<R/>"))).opened), /200/);
});

test("an access point that does not answer is not waited for forever", async () => {
  const real = AbortSignal.timeout;
  const patience = [];
  AbortSignal.timeout = (milliseconds) => {
    patience.push(milliseconds);
    return real.call(AbortSignal, milliseconds);
  };
  try {
    await open(() => new Response("<UploadId>x</UploadId>"));
  } finally {
    AbortSignal.timeout = real;
  }
  assert.equal(patience.length, 3, "two calls to the signer, and one to the access point");
});

test("what was created and cannot be gone on with is aborted where the signer finds it", async () => {
  const created = ({ parts }) => ({ uploads: [parts.length ? { error: { code: "internal", message: "…" } } : { ticket: "t3" }] });
  const { opened, sent } = await open(() => new Response("<UploadId>x</UploadId>"), created);
  assert.ok(opened instanceof Error);
  assert.deepEqual(sent.at(-1), ["/v1/uploads/abort", { ticket: "t3", token: "token" }]);
  const never = await open(() => new Response("<UploadId>x</UploadId>"), () => ({ error: { code: "forbidden", message: "…" } }));
  assert.ok(never.opened instanceof Error);
  assert.equal(never.sent.length, 4, "there is no ticket to abort it by");
});
