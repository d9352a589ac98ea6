import assert from "node:assert/strict";
import test from "node:test";

import { Nearput } from "nearput";
import { identify } from "../resume/identity.js";
import { interrupted } from "../resume/interrupted.js";
import { Keeper } from "../resume/keeper.js";

/** A test that has failed may leave one open, and must end all the same. */
const Channel = globalThis.BroadcastChannel;
globalThis.BroadcastChannel = class extends Channel {
  constructor(name) {
    super(name);
    this.unref();
  }
};

/** What listens for the page's events, by their type. */
const pageListeners = new Map();
globalThis.addEventListener = (type, listener, { signal }) => {
  pageListeners.set(type, [...(pageListeners.get(type) ?? []), { listener, signal }]);
};
function tellPage(type, event) {
  for (const { listener, signal } of pageListeners.get(type) ?? []) if (!signal.aborted) listener(event);
}

const MIB = 1024 * 1024;
const SIGNER = "https://sign.example.com";
const OPENED = { ticket: "t", site: "s", key: "k", partSize: 8 * MIB, expiresAt: Date.now() + 3_600_000 };
const RESULT = { key: "k" };

/** What IndexedDB keeps, as it would: in copies. */
class Records {
  kept = new Map();
  async get(id) {
    return structuredClone(this.kept.get(id));
  }
  async list() {
    return [...this.kept.values()].map((record) => structuredClone(record));
  }
  async put(record) {
    this.kept.set(record.id, structuredClone(record));
  }
  async delete(id) {
    this.kept.delete(id);
  }
  get only() {
    assert.equal(this.kept.size, 1);
    return [...this.kept.values()][0];
  }
}

/** Web Locks, which Node.js does not have everywhere. */
class Locks {
  #queues = new Map();
  async request(name, { ifAvailable, signal }, use) {
    const queue = this.#queues.get(name) ?? [];
    this.#queues.set(name, queue);
    if (ifAvailable && queue.length) return use(null);
    let leave = () => {};
    const turn = queue.at(-1);
    const mine = new Promise((resolve) => (leave = resolve));
    queue.push(mine);
    const aborted = new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    try {
      await (signal ? Promise.race([turn, aborted]) : turn);
      return await use({ name });
    } finally {
      queue.splice(queue.indexOf(mine), 1);
      leave();
    }
  }
  async query() {
    return { held: [...this.#queues].filter(([, queue]) => queue.length).map(([name]) => ({ name })) };
  }
}

function newFile(name = "film.mov", fill = 0) {
  return new File([new Uint8Array(20 * MIB).fill(fill)], name, { type: "video/quicktime", lastModified: 1 });
}

/** An upload in one tab: what the engine was told, and what its task hears. */
function newTab({ records = new Records(), locks, file = newFile(), ...more } = {}) {
  const tab = { records, told: [], heard: [], engine: undefined };
  const upload = {
    file,
    options: {},
    signer: SIGNER,
    send: (...call) => tab.told.push(call),
    hear: (news) => tab.heard.push(news),
    listen: (ear) => {
      tab.engine = (news) => {
        ear(news);
        tab.heard.push(news);
      };
    },
    ...more,
  };
  tab.keeper = new Keeper(upload, records, locks);
  return tab;
}

async function until(is) {
  for (let turn = 0; !is(); turn += 1) {
    assert.ok(turn < 300, "waited in vain");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const begun = (tab) => until(() => tab.told.length);

/** A tab that uploads, and has two parts stored. */
async function newBusyTab(more) {
  const tab = newTab(more);
  await begun(tab);
  tab.engine({ type: "opened", record: OPENED });
  tab.engine({ type: "stored", parts: [{ number: 2, checksum: "b" }, { number: 1, checksum: "a" }] });
  return tab;
}

/** The records that such a tab leaves. */
async function interruptedRecords() {
  const { records, engine } = await newBusyTab();
  engine({ type: "failed", error: {}, resumable: true });
  return records;
}

test("an upload is remembered once it is open, and its parts soon after", async () => {
  const handle = { name: "film.mov" };
  const tab = newTab({ options: { access: "public", priority: 3 }, handle });
  await begun(tab);
  assert.deepEqual(tab.told[0].slice(2), [{ access: "public", priority: 3, resume: undefined }]);
  assert.equal(tab.records.kept.size, 0);
  tab.engine({ type: "opened", record: OPENED });
  const { id, updatedAt, ...record } = tab.records.only;
  assert.ok(id && updatedAt);
  assert.deepEqual(record, {
    ...OPENED,
    signer: SIGNER,
    options: { access: "public", priority: 3 },
    handle,
    name: "film.mov",
    size: 20 * MIB,
    parts: new Map(),
  });
  tab.engine({ type: "stored", parts: [{ number: 1, checksum: "a" }] });
  tab.engine({ type: "stored", parts: [{ number: 3, checksum: null }] });
  await until(() => tab.records.only.parts.size === 2);
  tab.engine({ type: "done", result: RESULT });
});

for (const [end, isKept] of [
  [{ type: "done", result: RESULT }, false],
  [{ type: "state", state: "cancelled" }, false],
  [{ type: "failed", error: {}, resumable: false }, false],
  [{ type: "failed", error: {}, resumable: true }, true],
]) {
  test(`${JSON.stringify(end)} ${isKept ? "keeps" : "deletes"} the record, parts and all`, async () => {
    const tab = await newBusyTab();
    tab.engine(end);
    // A write that was due may not bring it back.
    await new Promise((resolve) => setTimeout(resolve, 600));
    assert.equal(tab.records.kept.size, Number(isKept));
    if (isKept) assert.equal(tab.records.only.parts.size, 2);
  });
}

test("cancel deletes the record at once, since nobody listens to the engine afterwards", async () => {
  const tab = await newBusyTab();
  tab.keeper.command("cancel");
  assert.equal(tab.told.at(-1)[0], "cancel");
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.equal(tab.records.kept.size, 0);
});

test("a file of which there is a record goes on where it ended, and keeps what is stored", async () => {
  const { records, engine } = await newBusyTab();
  engine({ type: "failed", error: {}, resumable: true });
  const tab = newTab({ records });
  await begun(tab);
  const { ticket, site, key, partSize, parts } = tab.told[0][2].resume;
  assert.deepEqual({ ticket, site, key, partSize }, { ticket: "t", site: "s", key: "k", partSize: 8 * MIB });
  assert.deepEqual(parts, [{ number: 2, checksum: "b" }, { number: 1, checksum: "a" }]);
  tab.engine({ type: "opened", record: OPENED });
  assert.equal(records.only.parts.size, 2);
  tab.engine({ type: "done", result: RESULT });
});

for (const [what, more] of [
  ["other bytes", { file: newFile("film.mov", 1) }],
  ["another name", { file: newFile("other.mov") }],
  ["another access level", { options: { access: "public" } }],
  ["other metadata", { options: { metadata: { a: "b" } } }],
  ["another signer", { signer: "https://other.example.com" }],
]) {
  test(`a file with ${what} does not go on with the upload of another`, async () => {
    const { records, engine } = await newBusyTab();
    engine({ type: "failed", error: {}, resumable: true });
    const tab = newTab({ records, ...more });
    await begun(tab);
    assert.equal(tab.told[0][2].resume, undefined);
    tab.engine({ type: "done", result: RESULT });
  });
}

test("a priority makes no other file of it", async () => {
  assert.equal(await identify(SIGNER, newFile(), { priority: 1 }), await identify(SIGNER, newFile(), {}));
});

test("an upload that starts anew forgets what was stored, and remembers what is", async () => {
  const tab = await newBusyTab();
  tab.engine({ type: "restarted", reason: { code: "ticket_expired", message: "…" } });
  assert.equal(tab.records.kept.size, 0);
  tab.engine({ type: "opened", record: { ...OPENED, ticket: "new" } });
  assert.equal(tab.records.only.parts.size, 0);
  tab.engine({ type: "done", result: RESULT });
});

test("the same file twice on one page is two uploads, since they may differ where nobody looked", async () => {
  const first = await newBusyTab({ locks: new Locks() });
  const second = newTab({ locks: new Locks(), records: first.records });
  await begun(second);
  assert.equal(second.told[0][2].resume, false);
  second.engine({ type: "opened", record: { ...OPENED, ticket: "other" } });
  assert.equal(first.records.only.ticket, "t");
  second.engine({ type: "done", result: RESULT });
  assert.equal(first.records.kept.size, 1);
  first.engine({ type: "done", result: RESULT });
});

test("a file that cannot be read is the engine's to report", async () => {
  const file = newFile();
  file.slice = () => {
    throw new Error("gone");
  };
  const tab = newTab({ file });
  await begun(tab);
  assert.equal(tab.told[0][0], "upload");
});

test("what is told to an upload before the engine has it is not lost", async () => {
  const tab = newTab();
  tab.keeper.command("pause");
  await begun(tab);
  assert.deepEqual(tab.heard, [{ type: "state", state: "paused" }]);
  assert.deepEqual(tab.told.map(([verb]) => verb), ["upload", "pause"]);
  tab.keeper.command("resume");
  assert.equal(tab.told.at(-1)[0], "resume");
  tab.engine({ type: "done", result: RESULT });
});

test("what is cancelled before the engine has it is never sent", async () => {
  const tab = newTab();
  tab.keeper.command("cancel");
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual(tab.told, []);
});

// Two tabs are two keepers of one record: the second is asked to resume it, as another page would be.
async function newTabs() {
  const locks = new Locks();
  const first = await newBusyTab({ locks });
  await until(() => first.records.only.parts.size);
  const { records } = first;
  const second = newTab({ locks, records, record: await records.get(records.only.id) });
  await until(() => second.heard.length);
  return { first, second, records };
}

test("a second tab waits, shows how the first goes, and takes its result", async () => {
  const { first, second } = await newTabs();
  const [{ state, reason }] = second.heard;
  assert.deepEqual([state, reason.code], ["waiting", "in_other_tab"]);
  assert.match(reason.message, /"film.mov"/);
  first.engine({ type: "progress", loaded: 5, total: 20, rate: 1, left: 15 });
  first.engine({ type: "done", result: RESULT, report: { site: "s" } });
  await until(() => second.heard.length === 3);
  assert.deepEqual(second.heard.slice(1).map(({ type, loaded, result }) => loaded ?? result?.key ?? type), [5, "k"]);
  await new Promise((resolve) => setTimeout(resolve, 400));
  assert.deepEqual(second.told, []);
});

test("a second tab goes on when the first goes away", async () => {
  const { first, second } = await newTabs();
  first.engine({ type: "failed", error: {}, resumable: true });
  await begun(second);
  assert.equal(second.told[0][2].resume.parts.length, 2);
  second.engine({ type: "done", result: RESULT });
});

test("a page that is put aside leaves its turn to another, and takes it again when it is shown", async () => {
  const { first, second } = await newTabs();
  tellPage("pagehide", { persisted: true });
  await begun(second);
  tellPage("pageshow", { persisted: true });
  await until(() => first.heard.at(-1).reason?.code === "in_other_tab");
  assert.equal(first.told.at(-1)[0], "pause");
  second.engine({ type: "failed", error: {}, resumable: true });
  await until(() => first.told.at(-1)[0] === "resume");
  first.engine({ type: "done", result: RESULT });
});

test("a second tab that is paused or cancelled while it waits leaves the first alone", async () => {
  const { first, second, records } = await newTabs();
  second.keeper.command("pause");
  second.keeper.command("resume");
  assert.deepEqual(second.heard.slice(1).map(({ state }) => state), ["paused", "waiting"]);
  second.keeper.command("cancel");
  assert.equal(records.kept.size, 1);
  first.engine({ type: "failed", error: {}, resumable: true });
  await new Promise((resolve) => setTimeout(resolve, 400));
  assert.deepEqual(second.told, []);
  assert.equal(records.kept.size, 1);
});

const connection = { signers: [SIGNER], options: {}, worker: true, resume: true, askToken: async () => "token" };

/** What `interrupted()` gives of one record, and the uploads that it begins. */
async function onlyInterrupted({ locks, ...change } = {}) {
  const records = await interruptedRecords();
  const record = records.only;
  Object.assign(record, change);
  const launched = [];
  const launch = (record, file) => {
    let end;
    const result = new Promise((_, reject) => (end = reject));
    const task = { result, end };
    launched.push({ record, file, task });
    return task;
  };
  const [upload] = await interrupted(connection, launch, records, locks);
  return { upload, launched, records, record };
}

test("an interrupted upload is offered with what is known of it", async () => {
  const { upload, record } = await onlyInterrupted();
  const { id, name, size, loaded, updatedAt, canResume, busy } = upload;
  assert.deepEqual({ name, size, loaded, canResume, busy }, { name: "film.mov", size: 20 * MIB, loaded: 16 * MIB, canResume: "pick", busy: false });
  assert.deepEqual([id, updatedAt], [record.id, record.updatedAt]);
});

test("uploads to another signer are not offered", async () => {
  const { upload } = await onlyInterrupted({ signer: "https://other.example.com" });
  assert.equal(upload, undefined);
});

test("an upload that a tab is busy with says so, and is not forgotten", async () => {
  const locks = new Locks();
  const { first, records } = await newTabs();
  let leave;
  locks.request(`nearput ${records.only.id}`, {}, () => new Promise((resolve) => (leave = resolve)));
  const [upload] = await interrupted(connection, () => {}, records, locks);
  assert.equal(upload.busy, true);
  await upload.forget();
  assert.equal(records.kept.size, 1);
  leave();
  first.engine({ type: "done", result: RESULT });
});

test("without a handle the file must be given; a double click resumes it once", async () => {
  const { upload, launched } = await onlyInterrupted();
  assert.throws(() => upload.resume(), { name: "TypeError", message: /"film.mov" is to be chosen again/ });
  const file = newFile("renamed.mov");
  const task = upload.resume(file);
  assert.equal(upload.resume(file), task);
  assert.equal(await launched[0].file, file);
  assert.equal(launched.length, 1);
});

test("a file of another size is not the one, and the right one can be given after it", async () => {
  const { upload, launched } = await onlyInterrupted();
  const task = upload.resume(new File(["x"], "film.mov"));
  const error = await launched[0].file.catch((error) => error);
  assert.deepEqual([error.code, error.retryable], ["wrong_file", true]);
  assert.match(error.message, /not "film.mov"/);
  task.end(error);
  await new Promise((resolve) => setImmediate(resolve));
  upload.resume(newFile());
  assert.equal(launched.length, 2);
});

for (const [what, isRead, handle] of [
  ["is read where that is allowed", true, { requestPermission: async () => "granted", getFile: async () => newFile() }],
  ["is not read where that is not allowed", false, { requestPermission: async () => "denied", getFile: async () => newFile() }],
  ["is not read where the browser does not ask", false, { requestPermission: () => Promise.reject(new Error("no click")) }],
  ["is not read where it is gone", false, { requestPermission: async () => "granted", getFile: () => Promise.reject(new Error()) }],
]) {
  test(`with a handle, the file ${what}`, async () => {
    // Functions cannot be kept, so this record comes from nowhere.
    const record = { ...(await interruptedRecords()).only, handle };
    const [upload] = await interrupted(connection, (_, file) => ({ result: file }), { list: async () => [record] });
    assert.equal(upload.canResume, "click");
    const outcome = await upload.resume().result.then((file) => file.size, (error) => error.code);
    assert.equal(outcome, isRead ? 20 * MIB : "file_unreadable");
  });
}

test("a task whose file cannot be had fails, and keeps the record", async () => {
  const records = await interruptedRecords();
  const error = { code: "wrong_file", message: "…", retryable: true };
  const file = Promise.reject(error);
  const tab = newTab({ records, file, record: records.only });
  await until(() => tab.heard.length);
  assert.deepEqual(tab.heard, [{ type: "failed", error, resumable: true }]);
  assert.equal(records.kept.size, 1);
});

test("to forget an upload deletes its record and what is stored, and never fails", async (context) => {
  for (const fetched of [async () => new Response("{}"), async () => Promise.reject(new TypeError("offline"))]) {
    const fetch = context.mock.method(globalThis, "fetch", fetched);
    const { upload, records } = await onlyInterrupted({ locks: new Locks() });
    await upload.forget();
    assert.equal(records.kept.size, 0);
    const [url, { body }] = fetch.mock.calls[0].arguments;
    assert.deepEqual([url, JSON.parse(body)], [`${SIGNER}/v1/uploads/abort`, { ticket: "t", token: "token" }]);
    fetch.mock.restore();
  }
});

test("where nothing can be kept, large files are uploaded all the same, and small ones never ask", async () => {
  const calls = [];
  let tell;
  const nearput = new Nearput(connection, async ({ onEvents }) => {
    tell = onEvents;
    return { call: (...call) => calls.push(call), close() {} };
  });
  const file = newFile();
  const task = nearput.upload(file);
  nearput.upload(new Blob(["x"]));
  nearput.upload(newFile("plain.mov"), { resume: false });
  await until(() => calls.length === 3);
  assert.deepEqual(calls.map(([, id]) => id).slice(0, 2), [2, 3]);
  assert.deepEqual(calls[2], ["upload", 1, file, { resume: false }]);
  tell([{ id: 1, type: "opened", record: OPENED }, { id: 1, type: "done", result: RESULT }]);
  assert.equal(await task.result, RESULT);
  assert.deepEqual(await nearput.interrupted(), []);
});
