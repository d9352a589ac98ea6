/** @import { ConnectOptions, FileOptions, UploadOptions } from "./nearput.d.ts" */
/** @import { Connection, EngineCall, EngineEvent, EngineHost, KeptUpload, News, Send } from "./engine.d.ts" */

import { Batch } from "./batch.js";
import { startEngine } from "./engine-host.js";
import { NearputError, isNearputError } from "./error.js";
import { CONNECT_OPTIONS, FILE_OPTIONS, checkOptions, checkSigners } from "./options.js";
import { Task, isFinal } from "./task.js";
import { Total } from "./total.js";

export { reportText } from "./report.js";
export { NearputError, Task, isNearputError };

/** Only larger files are sent in parts, and only parts outlast the page. In bytes. */
const LARGEST_WITHOUT_PARTS = 8 * 1024 * 1024;

/**
 * @param {string | string[]} signer
 * @param {ConnectOptions} [options]
 */
export function connect(signer, options = {}) {
  const signers = checkSigners(signer);
  checkOptions("connect()", options, CONNECT_OPTIONS);
  const { token, worker = true, resume = true, ...engineOptions } = options;
  return new Nearput({ signers, options: engineOptions, worker, resume, askToken: askOnce(token) });
}

export class Nearput extends EventTarget {
  #connection;
  #startEngine;
  /** @type {Promise<EngineHost> | undefined} */ #engine;
  /** Who listens to the engine's events, by the upload's id. @type {Map<number, (event: EngineEvent) => void>} */
  #ears = new Map();
  /** The newest upload of each file. @type {WeakMap<Blob, { task: Task, signal?: AbortSignal, wish: string }>} */
  #newest = new WeakMap();
  #total = new Total(() => this.dispatchEvent(new Event("progress")));
  #lastId = 0;
  #end = new AbortController();

  /** @param {Connection} connection */
  constructor(connection, start = startEngine) {
    super();
    this.#connection = connection;
    this.#startEngine = start;
    // Loaded while the user is still choosing. If that fails, the first upload tries again and reports it.
    this.#start().catch(() => {});
  }

  get progress() {
    return this.#total.progress;
  }

  /**
   * @param {Blob | Iterable<Blob>} file
   * @param {UploadOptions} [options]
   */
  upload(file, options = {}) {
    const isOne = file instanceof Blob || !(Symbol.iterator in Object(file));
    const files = /** @type {Blob[]} */ (isOne ? [file] : [.../** @type {Iterable<Blob>} */ (file)]);
    if (!files.every((file) => file instanceof Blob)) {
      throw new TypeError("upload(): a file must be a File or a Blob. A stream must be read into a Blob: its size must be known.");
    }
    checkOptions("upload()", options, FILE_OPTIONS);
    if (!isOne && options.handle) throw new TypeError('upload(): the option "handle" is for one file.');
    this.#checkOpen("upload()");

    const tasks = files.map((file) => this.#upload(file, options));
    return isOne ? tasks[0] : new Batch(tasks);
  }

  async interrupted() {
    this.#checkOpen("interrupted()");
    const { interrupted } = await import("./resume.js");
    return interrupted(this.#connection, (record, file) => {
      this.#checkOpen("resume()");
      return this.#launch(record.size, undefined, (hear, id) => this.#keep(id, hear, { file, record, options: record.options }));
    });
  }

  async sites() {
    this.#checkOpen("sites()");
    const id = ++this.#lastId;
    const heard = await new Promise((resolve) => {
      this.#ears.set(id, resolve);
      this.#call("sites", id);
    });
    this.#ears.delete(id);
    if (heard.type === "sites") return heard.sites;
    if (heard.type === "failed") throw new NearputError(heard.error);
    this.#checkOpen("sites()");
  }

  close() {
    this.#end.abort(closed("replicated()"));
    for (const [id, hear] of this.#ears) hear({ id, type: "state", state: "cancelled" });
    this.#engine?.then((engine) => engine.close()).catch(() => {});
  }

  /** @param {string} call */
  #checkOpen(call) {
    if (this.#end.signal.aborted) throw closed(call);
  }

  /**
   * @param {Blob} file
   * @param {UploadOptions} options
   */
  #upload(file, options) {
    const { signal, handle, resume = this.#connection.resume, ...fileOptions } = options;
    const wish = JSON.stringify(fileOptions);
    const newest = this.#newest.get(file);
    // As by a double click.
    if (newest && newest.signal === signal && newest.wish === wish && !isFinal(newest.task.state)) return newest.task;

    const task = this.#launch(file.size, signal, (hear, id) => {
      if (resume && file.size > LARGEST_WITHOUT_PARTS) return this.#keep(id, hear, { file, handle, options: fileOptions });
      // Nobody will ask for it again, so nothing of it is left behind.
      this.#call("upload", id, file, { ...fileOptions, resume: false });
      return (verb) => this.#call(verb, id);
    });
    this.#newest.set(file, { task, signal, wish });
    return task;
  }

  /**
   * @param {number} size in bytes
   * @param {AbortSignal | undefined} signal
   * @param {(hear: (news: News) => void, id: number) => Send} begin
   */
  #launch(size, signal, begin) {
    const id = ++this.#lastId;
    const join = (/** @type {(news: News) => void} */ hear) => {
      this.#ears.set(id, hear);
      return begin(hear, id);
    };
    const task = new Task(size, join, async (upload) => {
      const { replicated } = await import("./replicated.js");
      return replicated(this.#connection, upload, this.#end.signal);
    });
    this.#total.add(task);

    const abort = () => task.cancel(signal?.reason);
    const forget = () => {
      this.#ears.delete(id);
      signal?.removeEventListener("abort", abort);
    };
    task.result.then(forget, forget);
    signal?.addEventListener("abort", abort);
    if (signal?.aborted) abort();
    return task;
  }

  /**
   * Uploads a file in such a way that it can be resumed after this page.
   * @param {number} id
   * @param {(news: News) => void} hear
   * @param {Pick<KeptUpload, "file" | "handle" | "record" | "options">} upload
   * @returns {Send}
   */
  #keep(id, hear, upload) {
    const [signer] = this.#connection.signers;
    /** @type {Send} */
    const send = (verb, ...args) => this.#call(.../** @type {EngineCall} */ ([verb, id, ...args]));
    /** @type {KeptUpload["listen"]} */
    const listen = (ear) =>
      this.#ears.set(id, (news) => {
        ear(news);
        hear(news);
      });
    const keeper = import("./resume.js")
      .then(({ Keeper }) => new Keeper({ ...upload, signer, send, hear, listen }))
      .catch(() => {
        send("upload", upload.file, { ...upload.options, resume: false });
        return { command: send };
      });
    return (verb) => keeper.then((keeper) => keeper.command(verb));
  }

  #start() {
    this.#engine ??= this.#startEngine({
      ...this.#connection,
      onEvents: (events) => {
        for (const event of events) {
          if (event.id) this.#ears.get(event.id)?.(event);
          else this.dispatchEvent(new Event("sites"));
        }
      },
      onCrash: (cause) => this.#breakDown(cause),
    }).catch((cause) => {
      this.#engine = undefined;
      throw cause;
    });
    return this.#engine;
  }

  /** @param {EngineCall} call */
  #call(...call) {
    this.#start()
      .then((engine) => engine.call(...call))
      .catch((cause) =>
        this.#fail(
          call[1],
          `The upload engine does not run (${cause.message}). Check the connection and try again. If that does not help: ` +
            "nearput_client_bg.wasm must be served as application/wasm, and a Content-Security-Policy needs script-src 'wasm-unsafe-eval'.",
        ),
      );
  }

  /** @param {Error} cause */
  #breakDown(cause) {
    this.#engine = undefined;
    for (const id of this.#ears.keys()) this.#fail(id, `The upload engine has broken down (${cause.message}). Try again.`);
  }

  /**
   * @param {number} id
   * @param {string} message
   */
  #fail(id, message) {
    const error = { code: "engine_failed", message, retryable: true };
    this.#ears.get(id)?.({ id, type: "failed", error, resumable: true });
  }
}

/** @param {string} call */
function closed(call) {
  return new DOMException(`${call}: this connection is closed.`, "InvalidStateError");
}

/**
 * However many uploads wait for a token, it is asked for once.
 * @param {ConnectOptions["token"]} token
 */
function askOnce(token) {
  if (typeof token !== "function") return async () => token;
  /** @type {Promise<string> | undefined} */
  let asked;
  return () =>
    (asked ??= Promise.resolve()
      .then(token)
      .finally(() => (asked = undefined)));
}
