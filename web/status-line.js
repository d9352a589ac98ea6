/** Shows after a file input how its uploads go: a progress bar, and a sentence that is read out when it changes. */
export class StatusLine {
  #bar = document.createElement("progress");
  #text = document.createElement("span");
  /** @type {Map<File, number>} */ #loaded = new Map();
  #done = 0;
  /** @type {string[]} */ #errors = [];

  /** @param {HTMLInputElement} input */
  constructor(input) {
    const line = document.createElement("div");
    line.className = "nearput-status";
    this.#bar.hidden = true;
    this.#text.setAttribute("role", "status");
    line.append(this.#bar, " ", this.#text);
    input.after(line);
  }

  /** @param {File[]} files */
  start(files) {
    this.#loaded = new Map(files.map((file) => [file, 0]));
    this.#done = 0;
    this.#errors = [];
    this.#bar.hidden = files.length === 0;
    this.#bar.max = files.reduce((sum, file) => sum + file.size, 0) || 1;
    this.#bar.value = 0;
    this.#bar.ariaLabel = `Upload of ${nameOf(files)}`;
    this.#text.textContent = files.length ? `Uploading ${nameOf(files)} …` : "";
  }

  /**
   * @param {File} file
   * @param {number} loaded in bytes
   */
  progress(file, loaded) {
    const before = this.#loaded.get(file);
    if (before === undefined) return;
    this.#loaded.set(file, loaded);
    this.#bar.value += loaded - before;
  }

  /** @param {File} file */
  done(file) {
    this.progress(file, file.size);
    this.#done += 1;
    this.#say();
  }

  /**
   * @param {File} file
   * @param {Error} error
   */
  failed(file, error) {
    this.#errors.push(`${file.name}: ${error.message}`);
    this.#say();
  }

  #say() {
    const count = this.#loaded.size;
    const ended = this.#done + this.#errors.length === count;
    this.#bar.hidden = ended;
    // While many files are under way, a sentence for each would drown the reader.
    if (!ended && this.#errors.length === 0) return;
    const uploaded = count > 1 ? `${this.#done} of ${count} files uploaded.` : `${nameOf([...this.#loaded.keys()])} is uploaded.`;
    this.#text.textContent = [...(this.#done || !ended ? [uploaded] : []), ...this.#errors].join(" ");
  }
}

/** @param {File[]} files */
function nameOf(files) {
  return files.length === 1 ? files[0].name : `${files.length} files`;
}
