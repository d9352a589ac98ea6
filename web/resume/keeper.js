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
  /** The checksums of the stored parts, by number. @type {Map<number, string | null>} */ #parts = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  /** What the upload does while the engine does not have it. @type {News} */ #idle = { type: "state", state: "queued" };
  #paused = false;
  #begun = false;
  #ended = false;

  /**
   * @param {KeptUpload} upload
   * @param {Pick<typeof store, "get" | "put" | "delete">} records
   * @param {LockManager} [locks]
   */
  constructor(upload, records = store, locks = undefined) {
    this.#upload = upload;
    this.#store = records;
    this.#locks = locks;
    this.#run().catch((error) => upload.hear({ type: "failed", error, resumable: true }));
  }

  /** @param {Verb} verb */
  command(verb) {
    if (this.#begun) return this.#upload.send(verb);
    if (verb === "cancel") return this.#end();
    this.#paused = verb === "pause";
    this.#upload.hear(this.#paused ? { type: "state", state: "paused" } : this.#idle);
  }

  async #run() {
    const { record, signer, options, handle, hear, listen, send } = this.#upload;
    const file = (this.#file = await this.#upload.file);
    const id = record?.id ?? (await identify(signer, file, options).catch(() => undefined));
    if (id && (record || !here.has(id))) {
      here.add(id);
      this.#id = id;
      this.#turn = new Turn(id, this.#locks);
      if (!this.#ended) await this.#turn.take(() => this.#wait(), (news) => this.#overhear(news));
      const known = await this.#store.get(id);
      this.#record = known && { ...known, handle: handle ?? known.handle };
      this.#parts = new Map(known?.parts.map(({ number, checksum }) => [number, checksum]));
    }
    if (this.#ended) return this.#end();

    this.#begun = true;
    listen((event) => this.#hear(event));
    send("upload", file, { ...options, resume: this.#record && toResume(this.#record) });
    if (this.#paused) send("pause");
  }

  #wait() {
    const message = `Another tab uploads "${this.#name()}". If that tab is closed, this one goes on.`;
    this.#idle = { type: "state", state: "waiting", reason: { code: "in_other_tab", message } };
    if (!this.#paused) this.#upload.hear(this.#idle);
  }

  /** @param {News} news of the same upload, in another tab */
  #overhear(news) {
    if (this.#ended) return;
    this.#upload.hear(news);
    if (news.type === "done") this.#end();
  }

  /** @param {News} news */
  #hear(news) {
    switch (news.type) {
      case "opened":
        if (news.record.ticket !== this.#record?.ticket) this.#parts.clear();
        this.#record = this.#newRecord(news.record);
        this.#write();
        break;
      case "stored":
        for (const { number, checksum } of news.parts) this.#parts.set(number, checksum);
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
        this.#forget();
        this.#turn?.tell(news);
        this.#end();
        break;
      case "failed":
        if (news.resumable) this.#write();
        else this.#forget();
        this.#end();
        break;
      case "state":
        if (news.state !== "cancelled") break;
        this.#forget();
        this.#end();
        break;
    }
  }

  #name() {
    return this.#upload.options.name ?? this.#file?.name ?? "blob";
  }

  /**
   * @param {Extract<News, { type: "opened" }>["record"]} opened
   * @returns {UploadRecord}
   */
  #newRecord(opened) {
    const { signer, options, handle = this.#record?.handle } = this.#upload;
    const { size = 0, lastModified, type = "" } = this.#file ?? {};
    return { ...opened, id: this.#id ?? "", signer, options, handle, name: this.#name(), size, lastModified, type, parts: [], loaded: 0, updatedAt: 0 };
  }

  #write() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const record = this.#record;
    if (!record?.id) return;
    record.updatedAt = Date.now();
    record.parts = [...this.#parts].map(([number, checksum]) => ({ number, checksum }));
    record.loaded = Math.min(record.size, this.#parts.size * record.partSize);
    this.#store.put(record);
  }

  #forget() {
    clearTimeout(this.#timer);
    this.#timer = this.#record = undefined;
    this.#parts.clear();
    if (this.#id) this.#store.delete(this.#id);
  }

  #end() {
    this.#ended = true;
    this.#turn?.end();
    if (this.#id) here.delete(this.#id);
  }
}

/** @param {UploadRecord} record */
function toResume({ ticket, site, key, partSize, parts }) {
  return { ticket, site, key, partSize, parts };
}
