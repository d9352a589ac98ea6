/** @import { Chosen } from "./dropped-files.js" */

/**
 * Where the browser can, opens a picker in place of the input's own: files from it can be read again after a reload.
 * @param {HTMLElement} input
 * @param {(files: Chosen[]) => void} onPick
 */
export function pickFiles(input, onPick) {
  const { showOpenFilePicker } = /** @type {Picker} */ (globalThis);
  if (!showOpenFilePicker) return;
  input.addEventListener("click", async (event) => {
    event.preventDefault();
    /** @type {FileSystemFileHandle[]} */
    // The user may choose nothing.
    const handles = await showOpenFilePicker({ multiple: true }).catch(() => []);
    onPick(await Promise.all(handles.map(async (handle) => ({ handle, file: await handle.getFile() }))));
  });
}

/** @typedef {{ showOpenFilePicker?: (options: { multiple: boolean }) => Promise<FileSystemFileHandle[]> }} Picker */
