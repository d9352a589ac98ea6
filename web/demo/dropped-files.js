/** A file, and where the browser can find it again. @typedef {{ file: File, handle?: FileSystemFileHandle }} Chosen */

/**
 * The files that were dropped, with those of folders at any depth. Call it while the event is dispatched: the browser
 * empties the transfer afterwards.
 * @param {DataTransfer} transfer
 * @returns {Promise<Chosen[]>}
 */
export async function droppedFiles(transfer) {
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const dropped = items.map((item) => ({
    // Where the browser has none, or this is no file on a disk, it does without.
    handle: item.getAsFileSystemHandle?.().catch(() => null),
    entry: item.webkitGetAsEntry(),
    file: item.getAsFile(),
  }));
  const files = [];
  for (const { handle, entry, file } of dropped) {
    const found = await handle;
    if (found) files.push(...(await filesOfHandle(found)));
    else if (entry) files.push(...(await filesOfEntry(entry)));
    else if (file) files.push({ file });
  }
  return files;
}

/**
 * @param {FileSystemHandle} handle
 * @returns {Promise<Chosen[]>}
 */
async function filesOfHandle(handle) {
  if (handle instanceof FileSystemFileHandle) return [{ file: await handle.getFile(), handle }];
  const files = [];
  for await (const each of /** @type {FileSystemDirectoryHandle} */ (handle).values()) files.push(...(await filesOfHandle(each)));
  return files;
}

/**
 * @param {FileSystemEntry} entry
 * @returns {Promise<Chosen[]>}
 */
async function filesOfEntry(entry) {
  if (isFile(entry)) return [{ file: await new Promise((resolve, reject) => entry.file(resolve, reject)) }];
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  const files = [];
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    // Browsers hand out a hundred at a time; only an empty answer is the end.
    if (entries.length === 0) return files;
    for (const each of entries) files.push(...(await filesOfEntry(each)));
  }
}

/**
 * @param {FileSystemEntry} entry
 * @returns {entry is FileSystemFileEntry}
 */
function isFile(entry) {
  return entry.isFile;
}
