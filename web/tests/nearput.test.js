import assert from "node:assert/strict";
import test from "node:test";

import { Nearput } from "nearput";

const RESULT = { site: "local", region: "us-east-1", bucket: "uploads", key: "a", size: 3, etag: "e", downloadUrl: "u" };
const FILE = new File(["abc"], "a.txt", { type: "text/plain" });

/** A connection whose engine is this test: it sees the calls, and says what the engine says. */
function newNearput(start = async () => {}) {
  const engine = { calls: [], starts: 0, closed: false, setup: undefined };
  const nearput = new Nearput({ signers: ["https://sign.example.com"], options: {}, worker: true, resume: true }, async (setup) => {
    engine.starts += 1;
    engine.setup = setup;
    await start(engine.starts);
    return { call: (...call) => engine.calls.push(call), close: () => (engine.closed = true) };
  });
  return { nearput, engine };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

test("uploads reach the engine with their options, and events reach the upload they are about", async () => {
  const { nearput, engine } = newNearput();
  const first = nearput.upload(FILE, { name: "other.txt", metadata: { a: "b" }, signal: new AbortController().signal });
  const second = nearput.upload(new Blob(["x"]));
  await settle();
  assert.deepEqual(engine.calls, [
    ["upload", 1, FILE, { name: "other.txt", metadata: { a: "b" }, resume: false }],
    ["upload", 2, engine.calls[1][2], { resume: false }],
  ]);
  engine.setup.onEvents([{ id: 2, type: "done", result: RESULT }]);
  assert.equal(first.state, "queued");
  assert.equal(await second.result, RESULT);
});

test("what is not a file is a TypeError, thrown before anything starts", async () => {
  const { nearput, engine } = newNearput();
  assert.throws(() => nearput.upload("a.txt"), { name: "TypeError" });
  assert.throws(() => nearput.upload(FILE, { nam: "x" }), /there is no option "nam"/);
  await settle();
  assert.deepEqual(engine.calls, []);
});

test("a stream is a TypeError that says why", () => {
  const { nearput } = newNearput();
  assert.throws(() => nearput.upload(new ReadableStream()), { name: "TypeError", message: /size must be known/ });
  assert.throws(() => nearput.upload([FILE, new ReadableStream()]), { name: "TypeError" });
});

test("a file that is given twice while it is under way is uploaded once", async () => {
  const { nearput, engine } = newNearput();
  const signal = new AbortController().signal;
  const task = nearput.upload(FILE, { name: "b.txt", signal });
  assert.equal(nearput.upload(FILE, { name: "b.txt", signal }), task);
  assert.notEqual(nearput.upload(FILE, { name: "c.txt", signal }), task);
  assert.notEqual(nearput.upload(FILE, { name: "c.txt" }), task);
  await settle();
  assert.equal(engine.calls.length, 3);
});

test("a file is uploaded again once its upload has ended", async () => {
  const { nearput } = newNearput();
  const task = nearput.upload(FILE);
  task.cancel();
  assert.notEqual(nearput.upload(FILE), task);
});

test("the progress of a connection is that of all its uploads, and is told once for what comes together", async () => {
  const { nearput, engine } = newNearput();
  const told = [];
  nearput.addEventListener("progress", () => told.push(nearput.progress));
  nearput.upload([new Blob(["abc"]), new Blob(["abcde"])]);
  await settle();
  engine.setup.onEvents([
    { id: 1, type: "state", state: "uploading" },
    { id: 1, type: "progress", loaded: 1, total: 3, rate: 2, left: 1 },
    { id: 2, type: "state", state: "uploading" },
    { id: 2, type: "progress", loaded: 3, total: 5, rate: 2, left: 1 },
  ]);
  await settle();
  assert.deepEqual(told, [
    { loaded: 0, total: 8, rate: 0, left: undefined },
    { loaded: 4, total: 8, rate: 4, left: 1 },
  ]);
});

test("thousands of files are one task, and an event costs the same as with few", async () => {
  const { nearput, engine } = newNearput();
  const files = Array.from({ length: 10_000 }, () => new Blob(["abc"]));
  const task = nearput.upload(files);
  await settle();
  assert.equal(engine.calls.length, files.length);
  let told = 0;
  task.addEventListener("progress", () => (told += 1));
  engine.setup.onEvents(files.map((_, at) => ({ id: at + 1, type: "done", result: RESULT })));
  const results = await task.result;
  assert.ok(results.every(({ status, value }) => status === "fulfilled" && value === RESULT));
  assert.ok(told <= 3, `${told} progress events`);
});

test("a handle is for one file", () => {
  const { nearput } = newNearput();
  assert.throws(() => nearput.upload([FILE], { handle: { getFile() {} } }), /"handle" is for one file/);
});

test("a signal cancels its upload with the signal's reason, and only while it runs", async () => {
  const { nearput, engine } = newNearput();
  const controller = new AbortController();
  const ended = nearput.upload(FILE, { signal: controller.signal });
  const running = nearput.upload(new Blob(["x"]), { signal: controller.signal });
  await settle();
  engine.setup.onEvents([{ id: 1, type: "done", result: RESULT }]);
  const reason = new Error("the form was closed");
  controller.abort(reason);
  await assert.rejects(running.result, reason);
  assert.equal(ended.state, "done");
  await settle();
  assert.deepEqual(engine.calls.slice(2), [["cancel", 2]]);
});

test("a signal that has already aborted cancels the upload at once", async () => {
  const { nearput } = newNearput();
  const task = nearput.upload(FILE, { signal: AbortSignal.abort() });
  assert.equal(task.state, "cancelled");
  await assert.rejects(task.result, { name: "AbortError" });
});

test("where no engine can be had the upload fails and says what to check; the next one tries again", async () => {
  const { nearput, engine } = newNearput(async (attempt) => {
    if (attempt <= 2) throw new Error("404.");
  });
  await settle();
  const failed = nearput.upload(FILE);
  await assert.rejects(failed.result, { code: "engine_failed", retryable: true, message: /404.*wasm-unsafe-eval/ });
  nearput.upload(FILE);
  await settle();
  assert.equal(engine.starts, 3);
  assert.equal(engine.calls.length, 1);
});

test("an engine that breaks down fails its uploads, and a new one takes the next", async () => {
  const { nearput, engine } = newNearput();
  const lost = nearput.upload(FILE);
  await settle();
  engine.setup.onCrash(new Error("unreachable executed"));
  await assert.rejects(lost.result, { code: "engine_failed" });
  nearput.upload(FILE);
  await settle();
  assert.equal(engine.starts, 2);
});

test("close cancels what runs, ends the engine and takes no more uploads", async () => {
  const { nearput, engine } = newNearput();
  const task = nearput.upload(FILE);
  await settle();
  nearput.close();
  await assert.rejects(task.result, { name: "AbortError" });
  await settle();
  assert.deepEqual(engine.calls.at(-1), ["cancel", 1]);
  assert.ok(engine.closed);
  assert.throws(() => nearput.upload(FILE), { name: "InvalidStateError" });
});
