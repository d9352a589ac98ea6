/** @import { NearputError, Task, TaskState, UploadResult } from "../nearput.js" */

import { isNearputError } from "../nearput.js";
import { formatBytes, formatDuration, formatLeft, formatRate } from "./format.js";
import { find, setText } from "./painter.js";

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

/** One file's line in the list: shows its task, and passes the buttons on to it. */
export class Row {
  #file;
  #begin;
  #onChange;
  /** @type {Task} */ #task;
  /** @type {UploadResult | undefined} */ #result;
  /** @type {NearputError | undefined} */ #error;
  #startedAt = 0;
  #endedAt = 0;
  /** @type {TaskState | undefined} */ #paintedState;
  #numbersAt = 0;

  /**
   * @param {HTMLTemplateElement} template
   * @param {File} file
   * @param {(file: File) => Task} begin
   * @param {(row: Row, hasNewState: boolean) => void} onChange
   */
  constructor(template, file, begin, onChange) {
    this.#file = file;
    this.#begin = begin;
    this.#onChange = onChange;
    this.element = find(/** @type {DocumentFragment} */ (template.content.cloneNode(true)), ".upload");
    setText(this.element, ".upload-name", file.name);
    setText(this.element, ".upload-tile", extension(file.name));
    find(this.element, ".upload-bar").ariaLabel = `Upload of ${file.name}`;
    this.element.addEventListener("click", (event) => this.#act(event));
    this.#task = this.#start();
  }

  get name() {
    return this.#file.name;
  }

  get state() {
    return this.#task.state;
  }

  get progress() {
    return this.#task.progress;
  }

  #start() {
    const task = this.#begin(this.#file);
    this.#startedAt = 0;
    this.#error = undefined;
    task.addEventListener("progress", () => this.#onChange(this, false));
    task.addEventListener("statechange", () => {
      this.#endedAt = performance.now();
      if (task.state !== "queued") this.#startedAt ||= this.#endedAt;
      this.#onChange(this, true);
    });
    task.result.then(
      (result) => (this.#result = result),
      (error) => (this.#error = isNearputError(error) ? error : undefined),
    );
    return task;
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
        return this.#onChange(this, true);
    }
  }

  /** @param {number} now */
  paint(now) {
    const { state, progress } = this.#task;
    const bar = /** @type {HTMLProgressElement} */ (find(this.element, ".upload-bar"));
    bar.value = progress.total ? progress.loaded / progress.total : Number(state === "done");

    const hasNewState = state !== this.#paintedState;
    if (hasNewState) {
      this.#paintedState = state;
      this.#paintState(state);
    }
    if (hasNewState || now - this.#numbersAt > NUMBERS_EVERY_MS) {
      this.#numbersAt = now;
      this.#paintNumbers(state);
    }
  }

  /** @param {TaskState} state */
  #paintNumbers(state) {
    const { loaded, total, rate, left } = this.#task.progress;
    const moves = state === "uploading";
    const size = formatBytes(total);
    const took = formatDuration((this.#endedAt - this.#startedAt) / 1000);
    setText(this.element, ".upload-bytes", state === "done" ? `${size} in ${took}` : `${formatBytes(loaded)} of ${size}`);
    setText(this.element, ".upload-rate", moves ? formatRate(rate) : "");
    setText(this.element, ".upload-left", moves ? formatLeft(left) : "");
  }

  /** @param {TaskState} state */
  #paintState(state) {
    const { element } = this;
    element.dataset.state = state;
    setText(element, ".upload-state", WORDS[state]);
    showIf(this.#task.reason, element, ".upload-note", this.#task.reason?.message);
    showIf(this.#error, element, ".upload-error", this.#error?.message);
    showIf(this.#result, element, ".upload-facts");
    if (this.#result) this.#paintResult(this.#result);
    this.#paintActions(state);
  }

  /** @param {UploadResult} result */
  #paintResult({ key, checksum, site, region, bucket, downloadUrl }) {
    const { element } = this;
    element.dataset.key = key;
    setText(element, ".upload-key", key);
    setText(element, ".upload-checksum", checksum ?? "");
    showIf(checksum, element, ".upload-fact-checksum");
    setText(element, ".upload-place", `${bucket}, ${region} (site ${site})`);
    const link = /** @type {HTMLAnchorElement} */ (find(element, ".upload-link"));
    link.href = downloadUrl;
    link.ariaLabel = `Open ${this.name}`;
  }

  /** @param {TaskState} state */
  #paintActions(state) {
    const { element } = this;
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

/**
 * @param {unknown} condition
 * @param {Element} root
 * @param {string} selector
 * @param {string} [text]
 */
function showIf(condition, root, selector, text) {
  find(root, selector).hidden = !condition;
  if (text !== undefined) setText(root, selector, text);
}

/** @param {string} name */
function extension(name) {
  return /\.([a-z0-9]{1,4})$/i.exec(name)?.[1].toUpperCase() ?? "FILE";
}
