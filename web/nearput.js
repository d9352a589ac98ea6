/** @import { ConnectOptions, FileOptions } from "./nearput.d.ts" */
/** @import { Connection, EngineCall, EngineEvent, EngineHost } from "./engine.d.ts" */

import { startEngine } from "./engine-host.js";
import { CONNECT_OPTIONS, FILE_OPTIONS, checkOptions, checkSigner } from "./options.js";
import { Task } from "./task.js";

export { NearputError, isNearputError } from "./error.js";
export { Task };

/**
 * @param {string} signer
 * @param {ConnectOptions} [options]
 */
export function connect(signer, options = {}) {
  const address = checkSigner(signer);
  checkOptions("connect()", options, CONNECT_OPTIONS);
  const { token, worker = true, ...engineOptions } = options;
  return new Nearput({ signer: address, options: engineOptions, worker, askToken: askOnce(token) });
}

export class Nearput {
  #connection;
  #startEngine;
  /** @type {Promise<EngineHost> | undefined} */ #engine;
  /** Who listens to the engine's events, by the upload's id. @type {Map<number, (event: EngineEvent) => void>} */
  #ears = new Map();
  #lastId = 0;
  #closed = false;

  /** @param {Connection} connection */
  constructor(connection, start = startEngine) {
    this.#connection = connection;
    this.#startEngine = start;
    // Loaded while the user is still choosing. If that fails, the first upload tries again and reports it.
    this.#start().catch(() => {});
  }

  /**
   * @param {Blob} file
   * @param {FileOptions & { signal?: AbortSignal }} [options]
   */
  upload(file, options = {}) {
    if (!(file instanceof Blob)) throw new TypeError("upload(): the file must be a File or a Blob.");
    checkOptions("upload()", options, FILE_OPTIONS);
    if (this.#closed) throw new DOMException("upload(): this connection is closed.", "InvalidStateError");

    const { signal, ...fileOptions } = options;
    const id = ++this.#lastId;
    const task = new Task(file.size, (hear) => {
      this.#ears.set(id, hear);
      return (verb) => this.#call(verb, id);
    });

    const abort = () => task.cancel(signal?.reason);
    const forget = () => {
      this.#ears.delete(id);
      signal?.removeEventListener("abort", abort);
    };
    task.result.then(forget, forget);

    this.#call("upload", id, file, fileOptions);
    signal?.addEventListener("abort", abort);
    if (signal?.aborted) abort();
    return task;
  }

  close() {
    this.#closed = true;
    for (const [id, hear] of this.#ears) hear({ id, type: "state", state: "cancelled" });
    this.#engine?.then((engine) => engine.close()).catch(() => {});
  }

  #start() {
    this.#engine ??= this.#startEngine({
      ...this.#connection,
      onEvent: (event) => this.#ears.get(event.id)?.(event),
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
    this.#ears.get(id)?.({ id, type: "failed", error: { code: "engine_failed", message, retryable: true } });
  }
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
