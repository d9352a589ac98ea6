/** @import { TaskState } from "../nearput.js" */
/** @import { Announcer } from "./announcer.js" */
/** @import { Overview } from "./overview.js" */
/** @import { Painter } from "./painter.js" */
/** @import { Upload } from "./row.js" */

import { plural } from "./format.js";
import { find, setText } from "./painter.js";
import { Row } from "./row.js";

/** The changes worth an announcement. @type {Partial<Record<TaskState, string>>} */
const ANNOUNCED = { preparing: "started", done: "uploaded", failed: "failed", cancelled: "cancelled" };

/** Thousands of files must not freeze the page: so many are begun at a time … */
const BEGUN_AT_A_TIME = 25;
/** … and so many have a line of their own, besides those that failed. The others are counted. */
const MOST_SHOWN = 500;

/** Every upload of the page. */
export class List {
  #section;
  #template;
  #list;
  #overview;
  #painter;
  #announcer;
  /** @type {Set<Row>} */ #rows = new Set();
  /** Those without a line. @type {Set<Row>} */ #unseen = new Set();
  #shown = 0;

  /**
   * @param {HTMLElement} section
   * @param {{ overview: Overview, painter: Painter, announcer: Announcer }} helpers
   */
  constructor(section, { overview, painter, announcer }) {
    this.#section = section;
    this.#template = /** @type {HTMLTemplateElement} */ (find(document, "#row"));
    this.#list = find(section, "#list");
    this.#overview = overview;
    this.#painter = painter;
    this.#announcer = announcer;
  }

  get size() {
    return this.#rows.size;
  }

  /**
   * Whether a file like this is on its way here, or has failed and can be retried.
   * @param {{ name: string, size: number }} file
   */
  has({ name, size }) {
    for (const row of this.#rows) {
      if (row.name === name && row.size === size && row.state !== "done" && row.state !== "cancelled") return true;
    }
    return false;
  }

  /** @param {Upload[]} uploads */
  async add(uploads) {
    for (let from = 0; from < uploads.length; from += BEGUN_AT_A_TIME) {
      for (const upload of uploads.slice(from, from + BEGUN_AT_A_TIME)) {
        const row = new Row(upload, (row, before) => this.#onChange(row, before));
        this.#rows.add(row);
        this.#unseen.add(row);
        this.#overview.add(row.state);
      }
      this.#showMore();
      await new Promise((next) => setTimeout(next));
    }
  }

  clearFinished() {
    for (const row of this.#rows) {
      if (row.state !== "done" && row.state !== "cancelled") continue;
      if (row.isShown) this.#shown -= 1;
      row.remove();
      this.#rows.delete(row);
      this.#unseen.delete(row);
      this.#overview.remove(row.state);
    }
    this.#showMore();
  }

  #showMore() {
    for (const row of this.#unseen) {
      if (this.#shown >= MOST_SHOWN) break;
      this.#show(row);
    }
    const rest = find(this.#section, "#rest");
    rest.hidden = this.#unseen.size === 0;
    if (this.#unseen.size) setText(this.#section, "#rest", `and ${plural(this.#unseen.size, "more file")}`);
    this.#painter.mark(this.#overview);
  }

  /** @param {Row} row */
  #show(row) {
    this.#unseen.delete(row);
    this.#shown += 1;
    this.#list.append(row.show(this.#template));
    this.#painter.mark(row);
  }

  /**
   * @param {Row} row
   * @param {TaskState} [before]
   */
  #onChange(row, before) {
    this.#painter.mark(row, this.#overview);
    if (!before || before === row.state || !this.#rows.has(row)) return;
    this.#overview.remove(before);
    this.#overview.add(row.state);
    if (row.state === "failed" && !row.isShown) {
      this.#show(row);
      this.#showMore();
    }
    const what = ANNOUNCED[row.state];
    if (what) this.#announcer.tell(what, row.name);
  }
}
