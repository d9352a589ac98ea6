/** @import { Progress, TaskState } from "../nearput.js" */

import { formatBytes, formatLeft, formatRate, plural } from "./format.js";
import { find, setText } from "./painter.js";

const NUMBERS_EVERY_MS = 250;

/** The line above the list: all uploads together. */
export class Overview {
  #section;
  /** How many files are in each state. @type {Record<TaskState, number>} */
  #counts = { queued: 0, preparing: 0, uploading: 0, waiting: 0, paused: 0, finishing: 0, done: 0, failed: 0, cancelled: 0 };
  #files = 0;
  #numbersAt = 0;
  /** @type {() => Progress | undefined} */ #progress;

  /**
   * @param {HTMLElement} section
   * @param {() => Progress | undefined} progress of all uploads that are under way
   */
  constructor(section, progress) {
    this.#section = section;
    this.#progress = progress;
  }

  get busy() {
    return this.#ended < this.#files;
  }

  get #ended() {
    const { done, failed, cancelled } = this.#counts;
    return done + failed + cancelled;
  }

  /** @param {TaskState} state */
  add(state) {
    this.#files += 1;
    this.#counts[state] += 1;
  }

  /** @param {TaskState} state */
  remove(state) {
    this.#files -= 1;
    this.#counts[state] -= 1;
  }

  /** @param {number} now */
  paint(now) {
    const { done, failed, cancelled } = this.#counts;
    const section = this.#section;
    section.hidden = this.#files === 0;
    find(section, "#clear").hidden = done + cancelled === 0;
    const files = this.#files - cancelled;
    const count = `${done} of ${plural(files, "file")} uploaded${failed ? `, ${failed} failed` : ""}`;
    setText(section, ".overview-count", count);

    const { busy } = this;
    const progress = this.#progress();
    const { loaded = 0, total = 0, rate = 0, left = undefined } = progress ?? {};
    const bar = /** @type {HTMLProgressElement} */ (find(section, ".overview-bar"));
    bar.value = total ? loaded / total : Number(done > 0 && !busy);
    if (busy && now - this.#numbersAt < NUMBERS_EVERY_MS) return;
    this.#numbersAt = now;
    setText(section, ".overview-bytes", busy ? `${formatBytes(loaded)} of ${formatBytes(total)}` : done ? formatBytes(loaded) : "");
    setText(section, ".overview-rate", formatRate(rate));
    setText(section, ".overview-left", formatLeft(left));
  }
}
