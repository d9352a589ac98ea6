/** @import { Nearput, Progress } from "./nearput.d.ts" */

import { connect } from "./nearput.js";
import { StatusLine } from "./status-line.js";

const SELECTOR = 'input[type="file"][data-nearput]';

const script = /** @type {HTMLScriptElement | null} */ (document.querySelector("script[data-signer]"));

/** @type {Nearput | undefined} */
let nearput;
/** What each input has under way. @type {WeakMap<HTMLInputElement, { line: StatusLine, choice: AbortController }>} */
const inputs = new WeakMap();

// One listener for the whole page: inputs that are added later work as well.
document.addEventListener("change", ({ target }) => {
  if (target instanceof HTMLInputElement && target.matches(SELECTOR)) uploadChosen(target);
});

/** @param {HTMLInputElement} input */
function uploadChosen(input) {
  const line = inputs.get(input)?.line ?? new StatusLine(input);
  // The input shows the new choice only, so the uploads of the last one end.
  inputs.get(input)?.choice.abort();
  const choice = new AbortController();
  inputs.set(input, { line, choice });

  const files = [...(input.files ?? [])];
  line.start(files);
  for (const file of files) {
    upload(file, choice.signal, input, line).catch((error) => {
      if (choice.signal.aborted) return;
      line.failed(file, error);
      emit(input, "error", { file, error });
    });
  }
}

/**
 * @param {File} file
 * @param {AbortSignal} signal
 * @param {HTMLInputElement} input
 * @param {StatusLine} line
 */
async function upload(file, signal, input, line) {
  nearput ??= connect(script?.dataset.signer ?? "", { token: token() });
  const task = nearput.upload(file, { signal });
  task.addEventListener("progress", () => {
    line.progress(file, task.progress.loaded);
    emit(input, "progress", { file, ...task.progress });
  });
  const result = await task.result;
  line.done(file);
  emit(input, "done", { file, result });
}

function token() {
  const { token, tokenUrl } = script?.dataset ?? {};
  return tokenUrl ? () => fetchToken(tokenUrl) : token;
}

/**
 * @param {string} url
 * @returns {Promise<string>}
 */
async function fetchToken(url) {
  const response = await fetch(url, { cache: "no-store" });
  if (!response.ok) throw new Error(`The token could not be read: ${url} answered ${response.status}.`);
  const { token } = await response.json();
  if (typeof token !== "string") throw new Error(`The token could not be read: ${url} must answer {"token": "…"}.`);
  return token;
}

/**
 * @param {HTMLInputElement} input
 * @param {"progress" | "done" | "error"} what
 * @param {object} detail
 */
function emit(input, what, detail) {
  input.dispatchEvent(new CustomEvent(`nearput:${what}`, { bubbles: true, detail }));
}
