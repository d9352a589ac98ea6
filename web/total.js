/** @import { Task } from "./task.js" */
/** @import { Progress } from "./nearput.d.ts" */

import { isFinal } from "./task.js";

/** @typedef {{ loaded: number, total: number, rate: number }} Share */

/** @type {Share} */
const NOTHING = { loaded: 0, total: 0, rate: 0 };

/** The progress of many tasks together. An event costs the same however many they are. */
export class Total {
  /** What each task that is under way has added to the sum. @type {Map<Task, Share>} */ #shares = new Map();
  #sum = { ...NOTHING };
  #due = false;
  #onChange;

  /** @param {() => void} onChange called once for all that changes at a time */
  constructor(onChange) {
    this.#onChange = onChange;
  }

  /** @returns {Progress} */
  get progress() {
    const { loaded, total, rate } = this.#sum;
    return { loaded, total, rate, left: rate > 0 ? (total - loaded) / rate : undefined };
  }

  /** Counts a task in. Where none is under way, the count begins anew. @param {Task} task */
  add(task) {
    if (!this.#shares.size) this.#sum = { ...NOTHING };
    const count = () => this.#count(task);
    count();
    if (isFinal(task.state)) return;
    task.addEventListener("progress", count);
    task.addEventListener("statechange", count);
  }

  /** @param {Task} task */
  #count(task) {
    const { loaded, total, rate } = task.progress;
    const ended = isFinal(task.state);
    // What an ended task has not sent is not to be waited for.
    const share = { loaded, total: ended ? loaded : total, rate: task.state === "uploading" ? rate : 0 };
    const before = this.#shares.get(task) ?? NOTHING;
    this.#sum.loaded += share.loaded - before.loaded;
    this.#sum.total += share.total - before.total;
    this.#sum.rate += share.rate - before.rate;
    if (ended) this.#shares.delete(task);
    else this.#shares.set(task, share);
    // Sums of fractions leave a rest.
    if (!this.#shares.size) this.#sum.rate = 0;

    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      this.#onChange();
    });
  }
}
