import assert from "node:assert/strict";
import test from "node:test";

import { NearputError, Task, isNearputError } from "nearput";

const RESULT = { site: "local", region: "us-east-1", bucket: "uploads", key: "a", size: 10, etag: "e", downloadUrl: "u" };

/** A task, what it was told to pass on, and the ear for the engine's events. */
function newTask() {
  const commands = [];
  let hear;
  const task = new Task(10, (ear) => {
    hear = ear;
    return (verb) => commands.push(verb);
  });
  return { task, commands, hear: (event) => hear({ id: 1, ...event }) };
}

test("a new task is queued and knows the file's size", () => {
  const { task } = newTask();
  assert.equal(task.state, "queued");
  assert.deepEqual(task.progress, { loaded: 0, total: 10, rate: 0, left: undefined });
});

test("a task follows the engine's states, and knows why it waits only while it waits", () => {
  const { task, hear } = newTask();
  const seen = [];
  task.addEventListener("statechange", () => seen.push([task.state, task.reason?.code]));
  hear({ type: "state", state: "waiting", reason: { code: "signer_unreachable", message: "…" } });
  hear({ type: "state", state: "uploading" });
  assert.deepEqual(seen, [
    ["waiting", "signer_unreachable"],
    ["uploading", undefined],
  ]);
});

test("a done task gives its result, and its progress is complete", async () => {
  const { task, hear } = newTask();
  hear({ type: "progress", loaded: 4, total: 10, rate: 2, left: 3 });
  hear({ type: "done", result: RESULT });
  assert.equal(await task.result, RESULT);
  assert.equal(task.state, "done");
  assert.deepEqual(task.progress, { loaded: 10, total: 10, rate: 2, left: 0 });
});

test("a failed task rejects with a NearputError that carries the code", async () => {
  const { task, hear } = newTask();
  hear({ type: "failed", error: { code: "file_too_large", message: "Too large.", retryable: false } });
  const error = await task.result.catch((error) => error);
  assert.ok(error instanceof NearputError && isNearputError(error));
  assert.deepEqual([error.code, error.message, error.retryable], ["file_too_large", "Too large.", false]);
});

test("cancel ends a task at once with an AbortError, whatever the engine still says", async () => {
  const { task, commands, hear } = newTask();
  task.cancel();
  hear({ type: "progress", loaded: 9, total: 10, rate: 1, left: 1 });
  hear({ type: "done", result: RESULT });
  assert.equal(task.state, "cancelled");
  assert.equal(task.progress.loaded, 0);
  await assert.rejects(task.result, { name: "AbortError" });
  assert.deepEqual(commands, ["cancel"]);
});

test("progress never runs backwards", () => {
  const { task, hear } = newTask();
  hear({ type: "progress", loaded: 6, total: 10, rate: 2, left: 2 });
  hear({ type: "progress", loaded: 4, total: 10, rate: 2, left: 3 });
  assert.equal(task.progress.loaded, 6);
});

test("an upload that starts anew begins at 0, and says so first", () => {
  const { task, hear } = newTask();
  hear({ type: "progress", loaded: 6, total: 10, rate: 2, left: 2 });
  const seen = [];
  task.addEventListener("restart", () => seen.push("restart"));
  task.addEventListener("progress", () => seen.push(task.progress.loaded));
  hear({ type: "restarted", reason: { code: "storage_unreachable", message: "…" } });
  hear({ type: "progress", loaded: 4, total: 10, rate: 2, left: 3 });
  assert.deepEqual(seen, ["restart", 0, 4]);
});

test("a task tells which site its file goes to, and again after it has moved", () => {
  const { task, hear } = newTask();
  const seen = [task.site];
  task.addEventListener("site", () => seen.push(task.site));
  hear({ type: "site", site: "tokyo" });
  hear({ type: "site", site: "dublin" });
  assert.deepEqual(seen, [undefined, "tokyo", "dublin"]);
});

test("a task tells why it started anew", () => {
  const { task, hear } = newTask();
  const seen = [];
  task.addEventListener("restart", () => seen.push(task.restarts.at(-1).code));
  hear({ type: "restarted", reason: { code: "ticket_expired", message: "…" } });
  assert.deepEqual(seen, ["ticket_expired"]);
});

test("a loop over a task sees the newest step each time, and ends with the task", async () => {
  const { task, hear } = newTask();
  const seen = [];
  const loop = (async () => {
    for await (const { state, progress } of task) {
      seen.push([state, progress.loaded]);
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  hear({ type: "state", state: "uploading" });
  for (const loaded of [1, 2, 3]) hear({ type: "progress", loaded, total: 10, rate: 1, left: 1 });
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  hear({ type: "failed", error: { code: "internal", message: "…", retryable: true } });
  await loop;
  assert.deepEqual(seen, [
    ["queued", 0],
    ["uploading", 3],
    ["failed", 3],
  ]);
});

test("a loop over a task that has ended sees its last step", async () => {
  const { task } = newTask();
  task.cancel();
  const seen = [];
  for await (const step of task) seen.push(step.state);
  assert.deepEqual(seen, ["cancelled"]);
});

test("two loops over a task see the same end", async () => {
  const { task, hear } = newTask();
  const last = async () => {
    let state;
    for await (const step of task) state = step.state;
    return state;
  };
  const loops = [last(), last()];
  hear({ type: "done", result: RESULT });
  assert.deepEqual(await Promise.all(loops), ["done", "done"]);
});

test("commands after the end are not passed on", () => {
  const { task, commands, hear } = newTask();
  task.pause();
  task.resume();
  hear({ type: "done", result: RESULT });
  task.pause();
  task.resume();
  task.cancel();
  assert.deepEqual(commands, ["pause", "resume"]);
});

test("an error of another copy of the package is recognised, any other is not", () => {
  const foreign = Object.assign(new Error("x"), { name: "NearputError" });
  assert.ok(isNearputError(foreign));
  assert.ok(!isNearputError(new Error("x")));
  assert.ok(!isNearputError({ name: "NearputError" }));
});
