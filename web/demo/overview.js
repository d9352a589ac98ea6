/** @import { Row } from "./row.js" */

import { formatBytes, formatLeft, formatRate, plural } from "./format.js";
import { find, setText } from "./painter.js";

const NUMBERS_EVERY_MS = 250;
const ENDED = ["done", "failed", "cancelled"];

/** The line above the list: all uploads together. */
export class Overview {
  #section;
  #rows;
  #numbersAt = 0;

  /**
   * @param {HTMLElement} section
   * @param {Set<Row>} rows
   */
  constructor(section, rows) {
    this.#section = section;
    this.#rows = rows;
  }

  get busy() {
    return [...this.#rows].some((row) => !ENDED.includes(row.state));
  }

  /** @param {number} now */
  paint(now) {
    const sum = { files: 0, done: 0, failed: 0, ended: 0, loaded: 0, total: 0, rate: 0 };
    for (const { state, progress } of this.#rows) {
      if (state === "cancelled") {
        sum.ended += 1;
        continue;
      }
      sum.files += 1;
      sum.done += Number(state === "done");
      sum.failed += Number(state === "failed");
      sum.ended += Number(ENDED.includes(state));
      if (state === "failed") continue;
      sum.loaded += progress.loaded;
      sum.total += progress.total;
      if (state === "uploading") sum.rate += progress.rate;
    }

    const section = this.#section;
    section.hidden = this.#rows.size === 0;
    find(section, "#clear").hidden = sum.ended === sum.failed;
    const busy = sum.ended < this.#rows.size;
    /** @type {HTMLProgressElement} */ (find(section, ".overview-bar")).value = sum.total
      ? sum.loaded / sum.total
      : Number(sum.files > 0 && !busy);

    const failed = sum.failed ? `, ${sum.failed} failed` : "";
    setText(section, ".overview-count", `${sum.done} of ${plural(sum.files, "file")} uploaded${failed}`);
    if (busy && now - this.#numbersAt < NUMBERS_EVERY_MS) return;
    this.#numbersAt = now;
    const size = formatBytes(sum.total);
    setText(section, ".overview-bytes", busy ? `${formatBytes(sum.loaded)} of ${size}` : size);
    setText(section, ".overview-rate", formatRate(sum.rate));
    setText(section, ".overview-left", sum.rate ? formatLeft((sum.total - sum.loaded) / sum.rate) : "");
  }
}
