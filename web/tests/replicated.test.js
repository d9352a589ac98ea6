import assert from "node:assert/strict";
import test from "node:test";

import { Task, isNearputError } from "nearput";
import { replicated } from "../replicated.js";

const TOKYO = { site: "tokyo", region: "ap-northeast-1", bucket: "b-tokyo" };
const DUBLIN = { site: "dublin", region: "eu-west-1", bucket: "b-dublin" };

/**
 * Waits for copies while signers answer with these replies, one after the other. In the first pause the connection may be closed.
 * @returns what came of it, with the pauses and the questions
 */
async function watch(replies, signers = ["https://sign.example.com"], closed = undefined) {
  const end = new AbortController();
  const pauses = [];
  const asked = [];
  const real = globalThis.fetch;
  globalThis.fetch = async (url, { body }) => {
    asked.push([url, JSON.parse(body)]);
    const reply = replies.shift();
    if (!reply) throw new TypeError("Failed to fetch");
    const { status = 200, ...json } = reply;
    return new Response(JSON.stringify(json), { status });
  };
  try {
    const connection = { signers, askToken: async () => "token" };
    const wait = async (pause) => {
      pauses.push(pause);
      if (closed) end.abort(closed);
    };
    const copies = await replicated(connection, { ticket: "ticket", checksum: "AAAAAAAAAAA=" }, end.signal, wait).catch((error) => error);
    return { copies, pauses, asked };
  } finally {
    globalThis.fetch = real;
  }
}

const status = (...states) => ({
  exists: true,
  replicas: [TOKYO, DUBLIN].map((replica, index) => ({ ...replica, state: states[index] })),
});

test("copies are waited for at widening intervals until all are there", async () => {
  const { copies, pauses, asked } = await watch([
    status("pending", "pending"),
    status("completed", "pending"),
    status("completed", "completed"),
  ]);
  assert.deepEqual(copies, [TOKYO, DUBLIN]);
  assert.deepEqual(pauses, [1000, 1500]);
  assert.deepEqual(asked[0], ["https://sign.example.com/v1/uploads/status", { ticket: "ticket", checksum: "AAAAAAAAAAA=", token: "token" }]);
});

test("where nothing is copied it is over at once", async () => {
  const { copies, asked } = await watch([{ exists: true }]);
  assert.deepEqual(copies, []);
  assert.equal(asked.length, 1);
});

test("a copy that failed is named by its site", async () => {
  const { copies } = await watch([status("completed", "failed")]);
  assert.ok(isNearputError(copies));
  assert.equal(copies.code, "replication_failed");
  assert.match(copies.message, /"dublin"/);
});

test("an object that is gone is an error", async () => {
  const { copies } = await watch([{ exists: false }]);
  assert.equal(copies.code, "upload_not_found");
});

test("a signer that refuses is believed, and one that is busy is asked again", async () => {
  const busy = { status: 503, error: { code: "storage_unavailable", message: "…" } };
  const { copies, pauses } = await watch([busy, { status: 410, error: { code: "ticket_expired", message: "…" } }]);
  assert.equal(copies.code, "ticket_expired");
  assert.deepEqual(pauses, [1000]);
});

test("where one signer does not answer the next one is asked, and where none does it is asked again, but not for ever", async () => {
  const { copies, asked } = await watch([undefined, { exists: true }], ["https://a.example", "https://b.example"]);
  assert.deepEqual(copies, []);
  assert.deepEqual(asked.map(([url]) => new URL(url).host), ["a.example", "b.example"]);
  const never = await watch([]);
  assert.equal(never.copies.code, "signer_unreachable");
  assert.equal(never.pauses.at(-1), 60_000);
});

test("nobody is asked any more once the connection is closed", async () => {
  const closed = new DOMException("closed", "InvalidStateError");
  const { copies, asked } = await watch([status("pending", "pending"), { exists: true }], undefined, closed);
  assert.equal(copies, closed);
  assert.equal(asked.length, 1);
});

test("a pause ends with the connection", async () => {
  const end = new AbortController();
  const real = globalThis.fetch;
  globalThis.fetch = async () => {
    setImmediate(() => end.abort(new DOMException("closed", "InvalidStateError")));
    return Response.json(status("pending", "pending"));
  };
  try {
    const connection = { signers: ["https://sign.example.com"], askToken: async () => "token" };
    const start = performance.now();
    await assert.rejects(replicated(connection, { ticket: "ticket" }, end.signal), { name: "InvalidStateError" });
    assert.ok(performance.now() - start < 900);
  } finally {
    globalThis.fetch = real;
  }
});

test("a task waits for its result before it asks, by its ticket, which nobody sees, and its checksum", async () => {
  const asked = [];
  let hear;
  const join = (ear) => {
    hear = ear;
    return () => {};
  };
  const task = new Task(3, join, async (upload) => {
    asked.push(upload);
    return [TOKYO];
  });
  const copies = task.replicated();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(asked, []);
  hear({ type: "done", result: { site: "dublin", checksum: "AAAAAAAAAAA=" }, ticket: "secret" });
  assert.deepEqual(await copies, [TOKYO]);
  assert.deepEqual(asked, [{ ticket: "secret", checksum: "AAAAAAAAAAA=" }]);
  assert.doesNotMatch(JSON.stringify([{ ...task, files: [] }, await task.result]), /secret/);
});

test("an upload that fails has no copies to wait for", async () => {
  let hear;
  const task = new Task(3, (ear) => {
    hear = ear;
    return () => {};
  });
  hear({ type: "failed", error: { code: "internal", message: "…", retryable: true } });
  await assert.rejects(task.replicated(), { code: "internal" });
});
