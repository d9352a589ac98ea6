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
  const own = (await records.list()).filter((record) => record.signer === connection.signers[0]);
  own.sort((one, other) => other.updatedAt - one.updatedAt);
  const held = (await locks?.query())?.held?.map(({ name }) => name);
  return own.map((record) => {
    const { id, name, size, parts, partSize, updatedAt, expiresAt, handle } = record;
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
      loaded: Math.min(size, parts.size * partSize),
      updatedAt,
      expiresAt,
      canResume: handle ? "click" : "pick",
      busy: Boolean(held?.includes(lockName(id))),
      resume(file) {
        if (!file && !handle) throw new TypeError(`resume(): "${name}" is to be chosen again.`);
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
  throw failure("wrong_file", `This file is not "${name}". Choose it again.`);
}

/** @param {UploadRecord} record */
async function read(record) {
  const { name, handle } = record;
  // The user is asked only where that has not happened yet.
  const permission = await handle?.requestPermission().catch(() => {});
  const file = permission === "granted" && (await handle?.getFile().catch(() => {}));
  if (!file) throw failure("file_unreadable", `"${name}" cannot be read. Choose it again.`);
  return checked(record, file);
}

/**
 * @param {Connection} connection
 * @param {UploadRecord} record
 */
async function abort({ signers, askToken }, { ticket }) {
  for (const signer of signers) {
    try {
      const body = JSON.stringify({ ticket, token: await askToken() });
      await fetch(`${signer}/v1/uploads/abort`, { method: "POST", body });
      return;
    } catch {
      // Where no signer answers, what is stored ends by the bucket's own rule.
    }
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
