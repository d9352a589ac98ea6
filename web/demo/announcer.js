import { plural } from "./format.js";

const PAUSE_MS = 1000;

/** Tells a screen reader what started, ended and failed; what happens within a second is told in one sentence. */
export class Announcer {
  #region;
  /** @type {Map<string, string[]>} */ #names = new Map();
  #timer = 0;

  /** @param {Element} region a live region */
  constructor(region) {
    this.#region = region;
  }

  /**
   * @param {string} what "started", "done", "failed" …
   * @param {string} name of the file
   */
  tell(what, name) {
    this.#names.set(what, [...(this.#names.get(what) ?? []), name]);
    this.#timer ||= setTimeout(() => this.#speak(), PAUSE_MS);
  }

  #speak() {
    this.#timer = 0;
    const sentences = [...this.#names].map(([what, names]) =>
      names.length === 1 ? `${names[0]}: ${what}.` : `${plural(names.length, "file")} ${what}.`,
    );
    this.#names.clear();
    this.#region.textContent = sentences.join(" ");
  }
}
