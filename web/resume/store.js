/** @import { UploadRecord } from "../engine.d.ts" */

/** The records of uploads, in IndexedDB. Where that is missing or refuses, as in some private windows, nothing is kept. */
export const store = {
  /**
   * @param {string} id
   * @returns {Promise<UploadRecord | undefined | null>} null where nothing can be kept
   */
  get(id) {
    return ask("readonly", (uploads) => uploads.get(id));
  },

  /** Those that can be resumed. What has ended is deleted. @returns {Promise<UploadRecord[]>} */
  async list() {
    /** @type {UploadRecord[]} */
    const records = (await ask("readonly", (uploads) => uploads.getAll())) ?? [];
    return records.filter(({ id, expiresAt }) => {
      const lasts = expiresAt > Date.now();
      if (!lasts) this.delete(id);
      return lasts;
    });
  },

  /** @param {UploadRecord} record */
  put(record) {
    return ask("readwrite", (uploads) => uploads.put(record));
  },

  /** @param {string} id */
  delete(id) {
    return ask("readwrite", (uploads) => uploads.delete(id));
  },
};

/** @type {Promise<IDBDatabase> | undefined} */
let opening;

/** @returns {Promise<IDBDatabase>} */
function open() {
  return (opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("nearput");
    request.onupgradeneeded = () => request.result.createObjectStore("uploads", { keyPath: "id" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = reject;
  }));
}

/**
 * @param {IDBTransactionMode} mode
 * @param {(uploads: IDBObjectStore) => IDBRequest} act
 * @returns {Promise<any>} null where it fails
 */
async function ask(mode, act) {
  try {
    const database = await open();
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction("uploads", mode);
      const request = act(transaction.objectStore("uploads"));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = reject;
    });
  } catch {
    // The browser may have closed or deleted it; the next call opens it again.
    opening = undefined;
    return null;
  }
}
