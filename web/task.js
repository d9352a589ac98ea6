/** @import { EngineEvent, Verb } from "./engine.d.ts" */
/** @import { Progress, Reason, TaskState, UploadResult } from "./nearput.d.ts" */

import { NearputError } from "./error.js";

const FINAL = ["done", "failed", "cancelled"];

/** One file on its way. Once it is done, failed or cancelled it stays so, whatever the engine still says. */
export class Task extends EventTarget {
  /** @type {TaskState} */ #state = "queued";
  /** @type {Reason | undefined} */ #reason;
  /** @type {Progress} */ #progress;
  /** @type {(verb: Verb) => void} */ #command;
  /** @type {(result: UploadResult) => void} */ #resolve = () => {};
  /** @type {(error: unknown) => void} */ #reject = () => {};

  /**
   * @param {number} total in bytes
   * @param {(hear: (event: EngineEvent) => void) => (verb: Verb) => void} join is given the ear for the engine's
   *   events, and answers what passes commands on to the engine
   */
  constructor(total, join) {
    super();
    this.#progress = { loaded: 0, total, rate: 0, left: undefined };
    /** @type {Promise<UploadResult>} */
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever only listens to events must not be punished with an unhandled rejection.
    this.result.catch(() => {});
    this.#command = join((event) => this.#hear(event));
  }

  get state() {
    return this.#state;
  }

  get reason() {
    return this.#reason;
  }

  get progress() {
    return this.#progress;
  }

  pause() {
    if (!this.#isFinal()) this.#command("pause");
  }

  resume() {
    if (!this.#isFinal()) this.#command("resume");
  }

  /** @param {unknown} [reason] */
  cancel(reason = new DOMException("The upload was cancelled.", "AbortError")) {
    if (this.#isFinal()) return;
    this.#command("cancel");
    this.#reject(reason);
    this.#enter("cancelled");
  }

  #isFinal() {
    return FINAL.includes(this.#state);
  }

  /** @param {EngineEvent} event */
  #hear(event) {
    if (this.#isFinal()) return;
    switch (event.type) {
      case "state":
        if (event.state === "cancelled") this.cancel();
        else this.#enter(event.state, event.reason);
        break;
      case "progress":
        this.#advance(event);
        break;
      case "done":
        this.#advance({ ...this.#progress, loaded: this.#progress.total, left: 0 });
        this.#resolve(event.result);
        this.#enter("done");
        break;
      case "failed":
        this.#reject(new NearputError(event.error));
        this.#enter("failed");
        break;
    }
  }

  /** @param {Progress} progress */
  #advance({ loaded, total, rate, left }) {
    this.#progress = { loaded, total, rate, left };
    this.dispatchEvent(new Event("progress"));
  }

  /**
   * @param {TaskState} state
   * @param {Reason} [reason]
   */
  #enter(state, reason) {
    this.#state = state;
    this.#reason = reason;
    this.dispatchEvent(new Event("statechange"));
  }
}
