/** @import { InterruptedUpload, Nearput, Task } from "../nearput.js" */
/** @import { Announcer } from "./announcer.js" */

import { formatAgo, formatBytes } from "./format.js";
import { find, setText, showIf } from "./painter.js";

/** What was interrupted, and how it can go on. */
export class InterruptedList {
  #section;
  #template;
  #list;
  #again;
  #nearput;
  #announcer;
  #onResume;
  #isHere;
  /** @type {InterruptedUpload[]} */ #uploads = [];
  /** Whose file is being chosen again. @type {InterruptedUpload | undefined} */ #chosen;

  /**
   * @param {HTMLElement} section
   * @param {{ nearput: Nearput, announcer: Announcer }} helpers
   * @param {(upload: InterruptedUpload, begin: () => Task) => void} onResume
   * @param {(upload: InterruptedUpload) => boolean} isHere whether it is in this page's own list
   */
  constructor(section, { nearput, announcer }, onResume, isHere) {
    this.#section = section;
    this.#template = /** @type {HTMLTemplateElement} */ (find(document, "#interrupted-row"));
    this.#list = find(section, "ul");
    this.#again = /** @type {HTMLInputElement} */ (find(section, "#again"));
    this.#nearput = nearput;
    this.#announcer = announcer;
    this.#onResume = onResume;
    this.#isHere = isHere;
    this.#again.addEventListener("change", () => this.#chooseAgain());
    // Another tab may have ended what it was at.
    document.addEventListener("visibilitychange", () => document.hidden || this.refresh());
    this.refresh().then(() => {
      for (const { name } of this.#uploads) announcer.tell("interrupted", name);
    });
  }

  async refresh() {
    const uploads = await this.#nearput.interrupted();
    this.#uploads = uploads.filter((upload) => !this.#isHere(upload));
    this.#paint();
  }

  /**
   * The interrupted upload that this file seems to belong to: it is taken off the list.
   * @param {File} file
   */
  take(file) {
    const upload = this.#uploads.find(({ name, size, busy }) => name === file.name && size === file.size && !busy);
    if (upload) this.#remove(upload);
    return upload;
  }

  #paint() {
    this.#section.hidden = this.#uploads.length === 0;
    this.#list.replaceChildren(...this.#uploads.map((upload) => this.#row(upload)));
  }

  /** @param {InterruptedUpload} upload */
  #row(upload) {
    const { name, size, loaded, updatedAt, canResume, busy } = upload;
    const row = find(/** @type {DocumentFragment} */ (this.#template.content.cloneNode(true)), "li");
    setText(row, ".interrupted-name", name);
    const stored = `${formatBytes(loaded)} of ${formatBytes(size)} stored`;
    setText(row, ".interrupted-meta", busy ? `${stored}. Another tab is uploading it.` : `${stored}, ${formatAgo(updatedAt)}`);
    const bar = /** @type {HTMLProgressElement} */ (find(row, "progress"));
    bar.value = loaded / size;
    bar.ariaLabel = `Stored of ${name}`;

    const go = find(row, ".interrupted-continue");
    go.textContent = canResume === "click" ? "Continue" : "Choose the file again";
    go.ariaLabel = `${go.textContent}: ${name}`;
    go.onclick = () => this.#continue(upload);
    showIf(!busy, row, ".interrupted-continue");
    const forget = find(row, ".interrupted-forget");
    forget.ariaLabel = `Forget ${name}`;
    forget.onclick = () => this.#forget(upload);
    showIf(!busy, row, ".interrupted-forget");
    return row;
  }

  /** @param {InterruptedUpload} upload */
  #continue(upload) {
    if (upload.canResume === "click") {
      this.#resume(upload);
    } else {
      this.#chosen = upload;
      this.#again.value = "";
      this.#again.click();
    }
  }

  #chooseAgain() {
    const file = this.#again.files?.[0];
    if (file && this.#chosen) this.#resume(this.#chosen, file);
  }

  /**
   * @param {InterruptedUpload} upload
   * @param {File} [file]
   */
  #resume(upload, file) {
    this.#remove(upload);
    this.#onResume(upload, () => upload.resume(file));
  }

  /** @param {InterruptedUpload} upload */
  async #forget(upload) {
    this.#remove(upload);
    await upload.forget();
    this.#announcer.tell("forgotten", upload.name);
  }

  /** @param {InterruptedUpload} upload */
  #remove(upload) {
    const at = this.#uploads.indexOf(upload);
    const hadFocus = this.#list.contains(document.activeElement);
    this.#uploads.splice(at, 1);
    this.#list.children[at]?.remove();
    this.#section.hidden = this.#uploads.length === 0;
    // The button is gone, and with it the focus.
    if (hadFocus) (this.#uploads.length ? find(this.#section, "h2") : find(document, "#files")).focus();
  }
}
