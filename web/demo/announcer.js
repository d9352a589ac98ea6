import { plural } from "./format.js";

/** Spoken when nothing more has happened for so long … */
const PAUSE_MS = 800;
/** … or, in the rush of many files, when the first news is so old. */
const PATIENCE_MS = 10_000;

/** Tells a screen reader what started, ended and failed; news that comes together is told in one sentence. */
export class Announcer {
  #region;
  /** @type {Map<string, string[]>} */ #names = new Map();
  /** @type {string[]} */ #sentences = [];
  #firstAt = 0;
  #timer = 0;

  /** @param {Element} region a live region */
  constructor(region) {
    this.#region = region;
  }

  /**
   * @param {string} what "started", "uploaded", "failed" …
   * @param {string} name of the file
   */
  tell(what, name) {
    this.#names.set(what, [...(this.#names.get(what) ?? []), name]);
    this.#speakSoon();
  }

  /** @param {string} sentence what is not about one file */
  say(sentence) {
    this.#sentences.push(sentence);
    this.#speakSoon();
  }

  #speakSoon() {
    const now = performance.now();
    if (!this.#timer) this.#firstAt = now;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#speak(), Math.min(PAUSE_MS, this.#firstAt + PATIENCE_MS - now));
  }

  #speak() {
    const sentences = [...this.#names].map(([what, names]) =>
      names.length === 1 ? `${names[0]}: ${what}.` : `${plural(names.length, "file")} ${what}.`,
    );
    this.#region.textContent = [...this.#sentences, ...sentences].join(" ");
    this.#names.clear();
    this.#sentences = [];
    this.#timer = 0;
  }
}
