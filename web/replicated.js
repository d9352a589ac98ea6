/** @import { Connection } from "./engine.d.ts" */
/** @import { Replica } from "./nearput.d.ts" */

import { askSigners } from "./ask-signers.js";
import { NearputError } from "./error.js";

/** From the first question to the second. Each pause is longer than the one before. In milliseconds. */
const FIRST_PAUSE_MS = 1_000;
const LONGER = 1.5;
const LONGEST_PAUSE_MS = 60_000;

/** So many questions in a row may go without an answer: most of an hour. */
const MOST_UNANSWERED = 60;

/**
 * Waits until every other site has the object of an upload that is done.
 * @param {Connection} connection
 * @param {{ ticket?: string, checksum?: string }} upload its ticket, and the checksum of its result
 * @param {AbortSignal} signal ends the waiting
 * @returns {Promise<Replica[]>} the copies; none where the storage makes none
 */
export async function replicated(connection, { ticket, checksum }, signal, wait = sleep) {
  let unanswered = 0;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * LONGER, LONGEST_PAUSE_MS)) {
    const { exists, replicas = [], error } = await askSigners(connection, "/v1/uploads/status", { ticket, checksum });
    signal.throwIfAborted();
    unanswered = error?.retryable ? unanswered + 1 : 0;
    if (error && (!error.retryable || unanswered > MOST_UNANSWERED)) throw new NearputError(error);
    if (exists === false) throw failure("upload_not_found", "The object is no longer stored.");
    const failed = replicas.find((/** @type {any} */ { state }) => state === "failed");
    if (failed) {
      throw failure("replication_failed", `The storage could not copy the object to the site "${failed.site}". Ask whoever runs the signer.`);
    }
    if (!error && replicas.every((/** @type {any} */ { state }) => state === "completed")) {
      return replicas.map((/** @type {any} */ { site, region, bucket }) => ({ site, region, bucket }));
    }
    await wait(pause, signal);
    signal.throwIfAborted();
  }
}

/**
 * @param {string} code
 * @param {string} message
 */
function failure(code, message) {
  return new NearputError({ code, message, retryable: false });
}

/**
 * @param {number} pause in milliseconds
 * @param {AbortSignal} signal
 */
function sleep(pause, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, pause);
    signal.addEventListener("abort", () => resolve(clearTimeout(timer)), { once: true });
  });
}
