/** @import { Nearput } from "./nearput.js" */

import { connect } from "./nearput.js";
import { Announcer } from "./demo/announcer.js";
import { droppedFiles } from "./demo/dropped-files.js";
import { Overview } from "./demo/overview.js";
import { Painter, find } from "./demo/painter.js";
import { Row } from "./demo/row.js";

/** The changes worth an announcement. @type {Partial<Record<string, string>>} */
const ANNOUNCED = { preparing: "started", done: "uploaded", failed: "failed", cancelled: "cancelled" };

/** Thousands of files must not freeze the page. */
const ROWS_AT_A_TIME = 25;

const template = /** @type {HTMLTemplateElement} */ (find(document, "#row"));
const list = find(document, "#list");
const announcer = new Announcer(find(document, "#announcements"));
const painter = new Painter();
/** @type {Set<Row>} */
const rows = new Set();
const overview = new Overview(find(document, "#uploads"), rows);

const nearput = start();
listenForFiles();
find(document, "#clear").addEventListener("click", clearFinished);
addEventListener("beforeunload", (event) => {
  if (overview.busy) event.preventDefault();
});

/** @returns {Promise<Nearput | undefined>} nothing if the page cannot work, which it then says */
async function start() {
  try {
    const response = await fetch("/demo.json", { cache: "no-store" });
    if (!response.ok) throw new Error(`/demo.json answered ${response.status}`);
    const { signer, token } = await response.json();
    const nearput = connect(signer, { token });
    find(document, "#signer").textContent = new URL(signer).host;
    return nearput;
  } catch (error) {
    find(document, "#signer").textContent = "not known";
    report(
      `The page does not know its signer: ${/** @type {Error} */ (error).message}. ` +
        "Start the demo with “cargo xtask demo”, and open the address that it prints.",
    );
  }
}

/** @param {File[]} files */
async function add(files) {
  const connection = await nearput;
  if (!connection) return;
  report("");
  for (let from = 0; from < files.length; from += ROWS_AT_A_TIME) {
    const added = files
      .slice(from, from + ROWS_AT_A_TIME)
      .map((file) => new Row(template, file, (each) => connection.upload(each), onChange));
    for (const row of added) rows.add(row);
    list.append(...added.map((row) => row.element));
    painter.mark(...added, overview);
    await new Promise((next) => setTimeout(next));
  }
}

/**
 * @param {Row} row
 * @param {boolean} hasNewState
 */
function onChange(row, hasNewState) {
  painter.mark(row, overview);
  const what = hasNewState && ANNOUNCED[row.state];
  if (what) announcer.tell(what, row.name);
}

function listenForFiles() {
  for (const id of ["files", "folder"]) {
    const input = /** @type {HTMLInputElement} */ (find(document, `#${id}`));
    input.addEventListener("change", () => {
      add([...(input.files ?? [])]);
      // The same file can be chosen again.
      input.value = "";
    });
  }
  find(document, "#folder-choice").hidden = !("webkitdirectory" in HTMLInputElement.prototype);

  addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    document.body.classList.add("dragging");
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("dragging");
  });
  addEventListener("drop", async (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    document.body.classList.remove("dragging");
    try {
      const files = await droppedFiles(event.dataTransfer);
      if (files.length === 0) report("There is no file in what you dropped.");
      else await add(files);
    } catch (error) {
      report(`What you dropped could not be read: ${/** @type {Error} */ (error).message}`);
    }
  });
}

function clearFinished() {
  for (const row of rows) {
    if (row.state !== "done" && row.state !== "cancelled") continue;
    row.element.remove();
    rows.delete(row);
  }
  // The button is about to go, and with it the focus.
  find(document, rows.size ? "#uploads-title" : "#files").focus();
  painter.mark(overview);
}

/** @param {string} problem empty when there is none any more */
function report(problem) {
  const element = find(document, "#problem");
  element.textContent = problem;
  element.hidden = problem === "";
}
