/** @import { Connection, Failure, UploadRecord } from "../engine.d.ts" */
/** @import { InterruptedUpload } from "../nearput.d.ts" */
/** @import { Task } from "../task.js" */

import { store } from "./store.js";
import { lockName } from "./turn.js";

/**
 * The uploads that can be resumed, the newest first.
 * @param {Connection} connection
 * @param {(record: UploadRecord, file: Promise<Blob>) => Task} launch
 * @param {Pick<typeof store, "list" | "delete">} records
 * @param {LockManager | undefined} locks
 * @returns {Promise<InterruptedUpload[]>}
 */
export async function interrupted(connection, launch, records = store, locks = globalThis.navigator?.locks) {
  const own = (await records.list()).filter((record) => record.signer === connection.signer);
  own.sort((one, other) => other.updatedAt - one.updatedAt);
  const held = (await locks?.query())?.held?.map(({ name }) => name);
  return own.map((record) => {
    const { id, name, size, loaded, updatedAt, handle } = record;
    /** @type {Task | undefined} */
    let task;
    const begin = (/** @type {Promise<Blob>} */ file) => {
      // The task says it.
      file.catch(() => {});
      const begun = launch(record, file);
      begun.result.catch(() => (task = undefined));
      return begun;
    };
    return {
      id,
      name,
      size,
      loaded,
      updatedAt,
      canResume: handle ? "click" : "pick",
      busy: Boolean(held?.includes(lockName(id))),
      resume(file) {
        if (!file && !handle) throw new TypeError(`resume(): "${name}" must be chosen again: pass the file.`);
        return (task ??= begin(file ? checked(record, file) : read(record)));
      },
      async forget() {
        const drop = async () => {
          await records.delete(id);
          await abort(connection, record);
        };
        // What a tab is uploading is that tab's affair.
        if (locks) await locks.request(lockName(id), { ifAvailable: true }, (lock) => lock && drop());
        else await drop();
      },
    };
  });
}

/**
 * @param {UploadRecord} record
 * @param {Blob} file
 */
async function checked({ name, size }, file) {
  // That it has the same bytes, the engine finds out.
  if (file.size === size) return file;
  const message = `This is not the file whose upload was interrupted: that is "${name}", and has ${size} bytes. Choose that one.`;
  throw failure("wrong_file", message);
}

/** @param {UploadRecord} record */
async function read(record) {
  const { name, handle } = record;
  if (!(await isAllowed(handle))) throw failure("file_unreadable", `The page may not read "${name}". Allow it, or choose the file again.`);
  const file = await handle?.getFile().catch(() => undefined);
  if (!file) throw failure("file_unreadable", `"${name}" is not there any more. Choose it again.`);
  return checked(record, file);
}

/** @param {FileSystemFileHandle | undefined} handle */
async function isAllowed(handle) {
  const granted = (/** @type {string | undefined} */ answer) => answer === "granted";
  return granted(await handle?.queryPermission()) || granted(await handle?.requestPermission());
}

/**
 * @param {Connection} connection
 * @param {UploadRecord} record
 */
async function abort({ signer, askToken }, { ticket }) {
  try {
    const body = JSON.stringify({ ticket, token: await askToken() });
    await fetch(`${signer}/v1/uploads/abort`, { method: "POST", credentials: "omit", body });
  } catch {
    // What is stored then ends by the bucket's own rule.
  }
}

/**
 * @param {string} code
 * @param {string} message
 * @returns {Failure}
 */
function failure(code, message) {
  return { code, message, retryable: true };
}
