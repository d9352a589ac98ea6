import assert from "node:assert/strict";
import test from "node:test";

import { Batch } from "../batch.js";
import { Task } from "../task.js";

/** Two files of 10 bytes as one task, and the ears for what the engine says of each. */
function newBatch() {
  const ears = [];
  const commands = [];
  const files = [0, 1].map(
    (at) =>
      new Task(10, (ear) => {
        ears.push(ear);
        return (verb) => commands.push([at, verb]);
      }),
  );
  return { task: new Batch(files), files, ears, commands };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

const failure = { type: "failed", error: { code: "internal", message: "…", retryable: true } };

test("several files are queued with the sum of their sizes, and commands reach each", () => {
  const { task, files, commands } = newBatch();
  assert.deepEqual(task.progress, { loaded: 0, total: 20, rate: 0, left: undefined });
  assert.deepEqual(task.files, files);
  task.pause();
  task.resume();
  assert.deepEqual(commands, [[0, "pause"], [1, "pause"], [0, "resume"], [1, "resume"]]);
});

test("several files move as long as one of them does", async () => {
  const { task, ears } = newBatch();
  const seen = [];
  task.addEventListener("statechange", () => seen.push([task.state, task.reason?.code]));
  ears[0]({ type: "state", state: "uploading" });
  ears[1]({ type: "state", state: "waiting", reason: { code: "storage_unreachable", message: "…" } });
  await settle();
  ears[0]({ type: "done", result: "a" });
  await settle();
  assert.deepEqual(seen.map(([state]) => state), ["uploading", "waiting"]);
  assert.equal(task.reason.code, "storage_unreachable");
});

test("several files are done with the result of each, in their order", async () => {
  const { task, ears } = newBatch();
  ears[1]({ type: "done", result: "b" });
  ears[0]({ type: "done", result: "a" });
  assert.deepEqual(await task.result, [
    { status: "fulfilled", value: "a" },
    { status: "fulfilled", value: "b" },
  ]);
  assert.equal(task.state, "done");
  assert.deepEqual(task.progress, { loaded: 20, total: 20, rate: 0, left: 0 });
});

test("one that fails leaves the others alone, and what it has not sent is not waited for", async () => {
  const { task, ears } = newBatch();
  ears[0]({ type: "progress", loaded: 4, total: 10, rate: 1, left: 6 });
  ears[0](failure);
  await settle();
  assert.deepEqual([task.state, task.progress.loaded, task.progress.total], ["queued", 4, 14]);
  ears[1]({ type: "done", result: "b" });
  const [failed, done] = await task.result;
  assert.deepEqual([failed.reason.code, done.value, task.state], ["internal", "b", "failed"]);
});

test("cancel ends those that have not ended", async () => {
  const { task, ears, commands } = newBatch();
  ears[0]({ type: "done", result: "a" });
  task.cancel("enough");
  assert.deepEqual(await task.result, [
    { status: "fulfilled", value: "a" },
    { status: "rejected", reason: "enough" },
  ]);
  assert.equal(task.state, "cancelled");
  assert.deepEqual(commands, [[1, "cancel"]]);
});

test("a file that was given twice counts once", async () => {
  const { files, ears } = newBatch();
  const task = new Batch([files[0], files[0]]);
  assert.equal(task.progress.total, 10);
  ears[0]({ type: "done", result: "a" });
  assert.equal((await task.result).length, 2);
  assert.equal(task.progress.loaded, 10);
});

test("no file at all is done", async () => {
  const task = new Batch([]);
  assert.deepEqual(await task.result, []);
  assert.equal(task.state, "done");
});
