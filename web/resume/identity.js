/** @import { FileOptions } from "../nearput.d.ts" */

const SAMPLE_BYTES = 65536;

/** One file is read after the other: thousands at once would fill the memory. */
let last = Promise.resolve("");

/**
 * The same for the same file with the same options, after a reload and in another tab. Samples of the file are part of it:
 * two files that were copied with their dates may differ in nothing else.
 * @param {string} signer
 * @param {Blob & Partial<File>} file
 * @param {FileOptions} options
 */
export function identify(signer, file, options) {
  return (last = last.catch(() => "").then(() => digest(signer, file, options)));
}

/**
 * @param {string} signer
 * @param {Blob & Partial<File>} file
 * @param {FileOptions} options
 */
async function digest(signer, file, { priority, ...options }) {
  const about = JSON.stringify([signer, file.name, file.size, file.lastModified, file.type, options]);
  const middle = Math.floor(file.size / 2);
  const samples = [0, middle, file.size - SAMPLE_BYTES].map((from) => file.slice(from, from + SAMPLE_BYTES));
  const hash = await crypto.subtle.digest("SHA-256", await new Blob([about, ...samples]).arrayBuffer());
  return btoa(String.fromCharCode(...new Uint8Array(hash)));
}
