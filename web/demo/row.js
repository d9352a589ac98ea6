/** @import { NearputError, Task, TaskState, UploadResult } from "../nearput.js" */

import { isNearputError } from "../nearput.js";
import { formatBytes, formatDuration, formatLeft, formatRate, formatSite } from "./format.js";
import { find, setText, showIf } from "./painter.js";
import { showReport } from "./report-view.js";

/** Numbers that change with every frame cannot be read. */
const NUMBERS_EVERY_MS = 250;

/** @type {Record<TaskState, string>} */
const WORDS = {
  queued: "Queued",
  preparing: "Preparing",
  uploading: "Uploading",
  waiting: "Waiting",
  paused: "Paused",
  finishing: "Finishing",
  done: "Uploaded",
  failed: "Failed",
  cancelled: "Cancelled",
};

/** What the first button does, where it is not "pause". @type {Partial<Record<TaskState, "resume" | "retry">>} */
const TOGGLES = { paused: "resume", failed: "retry", cancelled: "retry" };
const LABELS = { pause: "Pause", resume: "Resume", retry: "Retry" };

/**
 * `hasCopies` says whether the storage copies the object to other sites.
 * @typedef {{ file: { name: string, size: number }, begin: () => Task, hasCopies?: boolean }} Upload
 */

/** One file's upload, and its line in the list once that is shown: it shows the task, and passes the buttons on to it. */
export class Row {
  #begin;
  #hasCopies;
  #onChange;
  /** @type {HTMLElement | undefined} */ #element;
  /** @type {Task} */ #task;
  /** @type {TaskState} */ #state = "queued";
  /** @type {UploadResult | undefined} */ #result;
  /** @type {NearputError | undefined} */ #error;
  #startedAt = 0;
  #endedAt = 0;
  /** @type {TaskState | undefined} */ #paintedState;
  #numbersAt = 0;

  /**
   * @param {Upload} upload
   * @param {(row: Row, before?: TaskState) => void} onChange told the state that was before, where it is another now
   */
  constructor({ file, begin, hasCopies = false }, onChange) {
    this.name = file.name;
    this.size = file.size;
    this.#begin = begin;
    this.#hasCopies = hasCopies;
    this.#onChange = onChange;
    this.#task = this.#start();
  }

  get state() {
    return this.#state;
  }

  get isShown() {
    return Boolean(this.#element);
  }

  /**
   * @param {HTMLTemplateElement} template
   * @returns {HTMLElement} the new line
   */
  show(template) {
    const element = find(/** @type {DocumentFragment} */ (template.content.cloneNode(true)), ".upload");
    setText(element, ".upload-name", this.name);
    setText(element, ".upload-tile", extension(this.name));
    find(element, ".upload-bar").ariaLabel = `Upload of ${this.name}`;
    element.addEventListener("click", (event) => this.#act(event));
    this.#element = element;
    return element;
  }

  remove() {
    this.#element?.remove();
  }

  #start() {
    const task = this.#begin();
    this.#startedAt = 0;
    this.#error = undefined;
    task.addEventListener("progress", () => this.#onChange(this));
    task.addEventListener("site", () => this.#onChange(this));
    task.addEventListener("statechange", () => {
      this.#endedAt = performance.now();
      if (task.state !== "queued") this.#startedAt ||= this.#endedAt;
      this.#enter(task.state);
    });
    task.result.then(
      (result) => (this.#result = result),
      (error) => (this.#error = isNearputError(error) ? error : undefined),
    );
    return task;
  }

  /** @param {TaskState} state */
  #enter(state) {
    const before = this.#state;
    this.#state = state;
    this.#onChange(this, before);
  }

  /** @param {Event} event */
  #act({ target }) {
    const button = target instanceof Element ? target.closest("button") : null;
    if (!button || button.ariaDisabled === "true") return;
    switch (button.dataset.action) {
      case "pause":
        return this.#task.pause();
      case "resume":
        return this.#task.resume();
      case "cancel":
        return this.#task.cancel();
      case "retry":
        this.#task = this.#start();
        return this.#enter(this.#task.state);
    }
  }

  /** @param {number} now */
  paint(now) {
    const element = this.#element;
    if (!element) return;
    const { state, progress } = this.#task;
    const bar = /** @type {HTMLProgressElement} */ (find(element, ".upload-bar"));
    bar.value = progress.total ? progress.loaded / progress.total : Number(state === "done");

    const hasNewState = state !== this.#paintedState;
    if (hasNewState) {
      this.#paintedState = state;
      this.#paintState(element, state);
    }
    if (hasNewState || now - this.#numbersAt > NUMBERS_EVERY_MS) {
      this.#numbersAt = now;
      this.#paintNumbers(element, state);
    }
  }

  /**
   * @param {HTMLElement} element
   * @param {TaskState} state
   */
  #paintNumbers(element, state) {
    const { site } = this.#task;
    const { loaded, total, rate, left } = this.#task.progress;
    const moves = state === "uploading";
    const size = formatBytes(total);
    const took = formatDuration((this.#endedAt - this.#startedAt) / 1000);
    setText(element, ".upload-bytes", state === "done" ? `${size} in ${took}` : `${formatBytes(loaded)} of ${size}`);
    setText(element, ".upload-rate", moves ? formatRate(rate) : "");
    setText(element, ".upload-left", moves ? formatLeft(left) : "");
    setText(element, ".upload-site", state === "done" || !site ? "" : `to ${formatSite(site)}`);
  }

  /**
   * @param {HTMLElement} element
   * @param {TaskState} state
   */
  #paintState(element, state) {
    const { reason, restarts, report } = this.#task;
    const restart = restarts.at(-1);
    const note = reason?.message ?? (restart && `Started anew: ${restart.message}`);
    element.dataset.state = state;
    setText(element, ".upload-state", WORDS[state]);
    showIf(note, element, ".upload-note", note);
    showIf(this.#error, element, ".upload-error", this.#error?.message);
    showIf(this.#result, element, ".upload-facts");
    if (this.#result) this.#paintResult(element, this.#result);
    showIf(report, element, ".upload-report");
    if (report) showReport(find(element, ".upload-report"), report, `${this.name}: ${this.#error?.message ?? WORDS[state]}`);
    this.#paintActions(element, state);
  }

  /**
   * @param {HTMLElement} element
   * @param {UploadResult} result
   */
  #paintResult(element, { key, checksum, site, region, bucket, downloadUrl }) {
    element.dataset.key = key;
    setText(element, ".upload-key", key);
    setText(element, ".upload-checksum", checksum ?? "");
    showIf(checksum, element, ".upload-fact-checksum");
    setText(element, ".upload-place", `${bucket}, ${region} (site ${site})`);
    const link = /** @type {HTMLAnchorElement} */ (find(element, ".upload-link"));
    link.href = downloadUrl;
    link.ariaLabel = `Open ${this.name}`;
    if (this.#hasCopies) this.#followCopies(find(element, ".upload-fact-copies"));
  }

  /** @param {HTMLElement} element */
  async #followCopies(element) {
    element.hidden = false;
    setText(element, ".upload-copies", "on their way");
    const copies = this.#task.replicated().then((copies) => copies.map(({ site }) => formatSite(site)).join(", "));
    setText(element, ".upload-copies", await copies.catch((/** @type {Error} */ { message }) => message));
  }

  /**
   * @param {HTMLElement} element
   * @param {TaskState} state
   */
  #paintActions(element, state) {
    const hadFocus = /** @type {HTMLElement | null} */ (element.querySelector(":focus"));
    const action = TOGGLES[state] ?? "pause";
    const toggle = find(element, ".upload-toggle");
    toggle.dataset.action = action;
    toggle.textContent = LABELS[action];
    toggle.ariaLabel = `${LABELS[action]} ${this.name}`;
    // Not `disabled`: that would take the focus away.
    toggle.ariaDisabled = String(state === "finishing");
    find(element, ".upload-cancel").ariaLabel = `Cancel ${this.name}`;

    const ended = state === "done" || state === "failed" || state === "cancelled";
    showIf(!ended || (state === "failed" ? this.#error?.retryable : state === "cancelled"), element, ".upload-toggle");
    showIf(!ended, element, ".upload-cancel");
    showIf(state === "done", element, ".upload-link");
    // Hiding the button that has the focus would lose it.
    if (hadFocus?.hidden) element.focus();
  }
}

/** @param {string} name */
function extension(name) {
  return /\.([a-z0-9]{1,4})$/i.exec(name)?.[1].toUpperCase() ?? "FILE";
}
