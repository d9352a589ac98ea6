/** @import { Chosen } from "./demo/dropped-files.js" */
/** @import { Demo } from "./demo/regions.js" */
/** @import { Nearput } from "./nearput.js" */

import { connect } from "./nearput.js";
import { Announcer } from "./demo/announcer.js";
import { droppedFiles } from "./demo/dropped-files.js";
import { InterruptedList } from "./demo/interrupted-list.js";
import { List } from "./demo/list.js";
import { Overview } from "./demo/overview.js";
import { Painter, find } from "./demo/painter.js";
import { pickFiles } from "./demo/picker.js";
import { Regions } from "./demo/regions.js";

const uploads = find(document, "#uploads");
/** @type {Nearput | undefined} */
let connection;
/** @type {InterruptedList | undefined} */
let interrupted;
const overview = new Overview(uploads, () => connection?.progress);
const announcer = new Announcer(find(document, "#announcements"));
const list = new List(uploads, { overview, painter: new Painter(), announcer });
const regions = new Regions(find(document, "#regions"), { announcer, isBusy: () => overview.busy, onMove: open, onProblem: report });

const ready = start();
listenForFiles();
find(document, "#clear").addEventListener("click", () => {
  list.clearFinished();
  // The button is about to go, and with it the focus.
  find(document, list.size ? "#uploads-title" : "#files").focus();
});
addEventListener("beforeunload", (event) => {
  if (overview.busy) event.preventDefault();
});

/** Says so if the page cannot work. */
async function start() {
  try {
    const response = await fetch("/demo.json", { cache: "no-store" });
    if (!response.ok) throw new Error(`/demo.json answered ${response.status}`);
    open(await response.json());
  } catch (error) {
    find(document, "#signer").textContent = "not known";
    report(
      `The page does not know its signer: ${/** @type {Error} */ (error).message}. ` +
        "Start the demo with “cargo xtask demo”, and open the address that it prints.",
    );
  }
}

/**
 * Connects to the signer, in place of the one before, which still ends what it has begun.
 * @param {Demo} demo
 */
function open(demo) {
  const { signer, token } = demo;
  connection = connect(signer, { token });
  find(document, "#signer").textContent = new URL(signer).host;
  interrupted = new InterruptedList(
    find(document, "#interrupted"),
    { nearput: connection, announcer },
    (upload, begin) => list.add([{ file: upload, begin, hasCopies: regions.isShown }]),
    (upload) => list.has(upload),
  );
  regions.show(demo, connection);
}

/** @param {Chosen[]} files */
async function add(files) {
  await ready;
  if (!connection) return;
  const nearput = connection;
  report("");
  await list.add(
    files.map(({ file, handle }) => {
      const known = interrupted?.take(file);
      return { file, begin: known ? () => known.resume(file) : () => nearput.upload(file, { handle }), hasCopies: regions.isShown };
    }),
  );
}

function listenForFiles() {
  for (const id of ["files", "folder"]) {
    const input = /** @type {HTMLInputElement} */ (find(document, `#${id}`));
    input.addEventListener("change", () => {
      add([...(input.files ?? [])].map((file) => ({ file })));
      // The same file can be chosen again.
      input.value = "";
    });
  }
  find(document, "#folder-choice").hidden = !("webkitdirectory" in HTMLInputElement.prototype);
  pickFiles(find(document, "#files"), add);

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

/** @param {string} problem empty when there is none any more */
function report(problem) {
  const element = find(document, "#problem");
  element.textContent = problem;
  element.hidden = problem === "";
}
