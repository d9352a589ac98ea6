/** @import { KeptUpload, News, UploadRecord, Verb } from "../engine.d.ts" */

import { identify } from "./identity.js";
import { store } from "./store.js";
import { Turn } from "./turn.js";

/** Between two writes of a record while parts are stored, and while none is, in milliseconds. */
const WRITE_EVERY_MS = 500;
const TOUCH_EVERY_MS = 30_000;

/** What this page uploads. Nothing of it waits for its turn, since a second file may be like the first. @type {Set<string>} */
const here = new Set();

/** Keeps a record of one upload while it runs, so that it can be resumed, and sees to it that no other tab uploads the same. */
export class Keeper {
  #upload;
  #store;
  #locks;
  /** @type {Blob & Partial<File> | undefined} */ #file;
  /** @type {string | undefined} */ #id;
  /** @type {Turn | undefined} */ #turn;
  /** @type {UploadRecord | undefined} */ #record;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  /** What the upload does while the engine does not have it. @type {News} */ #idle = { type: "state", state: "queued" };
  #paused = false;
  #begun = false;
  #over = new AbortController();

  /**
   * @param {KeptUpload} upload
   * @param {Pick<typeof store, "get" | "put" | "delete">} records
   * @param {LockManager | undefined} locks
   */
  constructor(upload, records = store, locks = globalThis.navigator?.locks) {
    this.#upload = upload;
    this.#store = records;
    this.#locks = locks;
    this.#run().catch((error) => upload.hear({ type: "failed", error, resumable: true }));
  }

  /** @param {Verb} verb */
  command(verb) {
    this.#paused = verb === "pause";
    if (this.#begun) this.#upload.send(verb);
    else if (verb !== "cancel") this.#upload.hear(this.#paused ? { type: "state", state: "paused" } : this.#idle);
    if (verb === "cancel") this.#cancel();
  }

  async #run() {
    const { record, signer, options, handle, listen, send } = this.#upload;
    const file = (this.#file = await this.#upload.file);
    let known = null;
    const id = record?.id ?? (await identify(signer, file, options).catch(() => undefined));
    if (id && !this.#isOver() && (record || !here.has(id))) {
      here.add(id);
      this.#id = id;
      this.#turn = new Turn(id, this.#over.signal, this.#locks);
      await this.#takeTurn();
      known = await this.#store.get(id);
      if (known) this.#record = { ...known, handle: handle ?? known.handle };
    }
    if (this.#isOver()) return;

    this.#begun = true;
    listen((event) => this.#hear(event));
    send("upload", file, { ...options, resume: known === null ? false : known && toResume(known) });
    if (this.#paused) send("pause");
    this.#watchPage();
  }

  #isOver() {
    return this.#over.signal.aborted;
  }

  async #takeTurn() {
    await this.#turn?.take(
      () => {
        const message = `Another tab uploads "${this.#name()}". This one goes on if that is closed.`;
        this.#idle = { type: "state", state: "waiting", reason: { code: "in_other_tab", message } };
        if (!this.#paused) this.#upload.hear(this.#idle);
      },
      (news) => {
        if (this.#isOver()) return;
        this.#upload.hear(news);
        if (news.type === "done") this.#end();
      },
    );
  }

  /** A page that the browser puts aside stands still, and must not keep others from their turn. */
  #watchPage() {
    const { send } = this.#upload;
    const { signal } = this.#over;
    addEventListener("pagehide", () => this.#turn?.leave(), { signal });
    addEventListener(
      "pageshow",
      async ({ persisted }) => {
        if (!persisted) return;
        send("pause");
        await this.#takeTurn();
        if (!this.#paused && !this.#isOver()) send("resume");
      },
      { signal },
    );
  }

  /** @param {News} news */
  #hear(news) {
    switch (news.type) {
      case "opened":
        if (this.#id) this.#record = this.#newRecord(this.#id, news.record);
        this.#write();
        break;
      case "renewed":
        this.#renew(news.renewed);
        break;
      case "stored":
        for (const { number, checksum } of news.parts) this.#record?.parts.set(number, checksum);
        this.#timer ??= setTimeout(() => this.#write(), WRITE_EVERY_MS);
        break;
      case "progress":
        this.#turn?.tell(news);
        if (this.#record && Date.now() - this.#record.updatedAt > TOUCH_EVERY_MS) this.#write();
        break;
      case "restarted":
        this.#forget();
        break;
      case "done":
        this.#turn?.tell(news);
        this.#cancel();
        break;
      case "failed":
        if (!news.resumable) this.#forget();
        this.#write();
        this.#end();
        break;
      case "state":
        if (news.state === "cancelled") this.#cancel();
        break;
    }
  }

  #name() {
    return this.#upload.options.name ?? this.#file?.name ?? "blob";
  }

  /**
   * @param {string} id
   * @param {Extract<News, { type: "opened" }>["record"]} opened
   * @returns {UploadRecord}
   */
  #newRecord(id, opened) {
    const { signer, options, handle = this.#record?.handle } = this.#upload;
    const { size = 0 } = this.#file ?? {};
    const parts = (opened.ticket === this.#record?.ticket && this.#record.parts) || new Map();
    return { ...opened, id, signer, options, handle, name: this.#name(), size, parts, updatedAt: 0 };
  }

  /** @param {Extract<News, { type: "renewed" }>["renewed"]} renewed */
  #renew({ ticket, expires_at: expiresAt }) {
    if (this.#record) Object.assign(this.#record, { ticket, expiresAt });
    this.#write();
  }

  #write() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#record) return;
    this.#record.updatedAt = Date.now();
    this.#store.put(this.#record);
  }

  #forget() {
    if (this.#record) this.#store.delete(this.#record.id);
    this.#record = undefined;
  }

  /** Before it has begun, the record is another tab's. */
  #cancel() {
    if (this.#begun) this.#forget();
    this.#end();
  }

  #end() {
    this.#over.abort();
    here.delete(/** @type {string} */ (this.#id));
  }
}

/** @param {UploadRecord} record */
function toResume(record) {
  return { ...record, parts: [...record.parts].map(([number, checksum]) => ({ number, checksum })) };
}
