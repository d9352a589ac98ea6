/** @import { News, Verb } from "./engine.d.ts" */
/** @import { Progress, Reason, Replica, Report, TaskStep, UploadResult } from "./nearput.d.ts" */

import { NearputError } from "./error.js";
import { withText } from "./report.js";

/** @param {string} state */
export function isFinal(state) {
  return state === "done" || state === "failed" || state === "cancelled";
}

/** An upload on its way. Once it is done, failed or cancelled it stays so, whatever the engine still says. */
export class Task extends EventTarget {
  /** @type {Report | undefined} */ report;
  /** @type {Reason[]} */ restarts = [];
  /** @type {string | undefined} */ site;
  /** @type {Task[]} */ files = [this];
  /** @type {TaskStep} */ #step;
  /** Who waits for the next step. @type {((ignored?: any) => void)[]} */ #waiting = [];
  /** @type {(verb: Verb) => void} */ #command;
  /** @type {(result: any) => void} */ #resolve = () => {};
  /** @type {(error: unknown) => void} */ #reject = () => {};
  /** @type {string | undefined} */ #ticket;
  #watch;

  /**
   * @param {number} total in bytes
   * @param {(hear: (event: News) => void) => (verb: Verb) => void} join is given the ear for the engine's
   *   events, and answers what passes commands on to the engine
   * @param {(upload: { ticket?: string, checksum?: string }) => Promise<Replica[]>} [watch] waits for the copies of the object
   */
  constructor(total, join, watch = async () => []) {
    super();
    this.#watch = watch;
    this.#step = { state: "queued", progress: { loaded: 0, total, rate: 0, left: undefined }, reason: undefined };
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
    return this.#step.state;
  }

  get reason() {
    return this.#step.reason;
  }

  get progress() {
    return this.#step.progress;
  }

  pause() {
    if (!isFinal(this.state)) this.#command("pause");
  }

  resume() {
    if (!isFinal(this.state)) this.#command("resume");
  }

  /** @param {unknown} [reason] */
  cancel(reason = new DOMException("The upload was cancelled.", "AbortError")) {
    if (isFinal(this.state)) return;
    this.#command("cancel");
    this.#reject(reason);
    this.#enter("cancelled");
  }

  /** @returns {Promise<any>} */
  async replicated() {
    const { checksum } = await this.result;
    return this.#watch({ ticket: this.#ticket, checksum });
  }

  /** Only the newest step is kept for a loop that is slower than the upload. */
  async *[Symbol.asyncIterator]() {
    /** @type {TaskStep | undefined} */
    let step;
    while (!step || !isFinal(step.state)) {
      if (step === this.#step) await new Promise((resolve) => this.#waiting.push(resolve));
      yield (step = this.#step);
    }
  }

  /** @param {News} event */
  #hear(event) {
    if (isFinal(this.state)) return;
    switch (event.type) {
      case "state":
        if (event.state === "cancelled") this.cancel();
        else this.#enter(event.state, event.reason);
        break;
      case "progress":
        this.#advance(event);
        break;
      case "site":
        this.site = event.site;
        this.dispatchEvent(new Event("site"));
        break;
      case "restarted":
        this.restarts.push(event.reason);
        this.dispatchEvent(new Event("restart"));
        this.#go("progress", { progress: { ...this.progress, loaded: 0, rate: 0, left: undefined } });
        break;
      case "done":
        this.report = withText(event.report);
        this.#ticket = event.ticket;
        this.#advance({ ...this.progress, loaded: this.progress.total, left: 0 });
        this.#resolve(event.result);
        this.#enter(event.state ?? "done");
        break;
      case "failed":
        this.report = withText(event.report);
        this.#reject(new NearputError(event.error));
        this.#enter("failed");
        break;
    }
  }

  /** @param {Progress} progress */
  #advance({ loaded, total, rate, left }) {
    // Another tab may have been further than what is stored.
    this.#go("progress", { progress: { loaded: Math.max(loaded, this.progress.loaded), total, rate, left } });
  }

  /**
   * @param {TaskStep["state"]} state
   * @param {Reason} [reason]
   */
  #enter(state, reason) {
    this.#go("statechange", { state, reason });
  }

  /**
   * @param {string} event
   * @param {Partial<TaskStep>} change
   */
  #go(event, change) {
    this.#step = { ...this.#step, ...change };
    for (const go of this.#waiting.splice(0)) go();
    this.dispatchEvent(new Event(event));
  }
}
