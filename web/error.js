/** @import { Failure } from "./engine.d.ts" */

/** Why an upload failed: a stable `code` for programs, a `message` for people. */
export class NearputError extends Error {
  name = "NearputError";

  /** @param {Failure} failure */
  constructor({ code, message, retryable }) {
    super(message);
    this.code = code;
    this.retryable = retryable;
  }
}

/**
 * By name, so that an error of another copy of this package is recognised too.
 * @param {unknown} error
 * @returns {error is NearputError}
 */
export function isNearputError(error) {
  return error instanceof Error && error.name === "NearputError";
}
