/**
 * The files that were dropped, with those of folders at any depth. Call it while the event is dispatched: the browser
 * empties the transfer afterwards.
 * @param {DataTransfer} transfer
 * @returns {Promise<File[]>}
 */
export async function droppedFiles(transfer) {
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const dropped = items.map((item) => item.webkitGetAsEntry() ?? item.getAsFile()).filter((each) => each !== null);
  const files = [];
  for (const each of dropped) files.push(...(each instanceof File ? [each] : await filesOf(each)));
  return files;
}

/**
 * @param {FileSystemEntry} entry
 * @returns {Promise<File[]>}
 */
async function filesOf(entry) {
  if (isFile(entry)) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  const files = [];
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    // Browsers hand out a hundred at a time; only an empty answer is the end.
    if (entries.length === 0) return files;
    for (const each of entries) files.push(...(await filesOf(each)));
  }
}

/**
 * @param {FileSystemEntry} entry
 * @returns {entry is FileSystemFileEntry}
 */
function isFile(entry) {
  return entry.isFile;
}
