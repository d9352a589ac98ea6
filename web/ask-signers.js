/** @import { Connection } from "./engine.d.ts" */

/** A signer that does not answer for so long is left to itself. In milliseconds. */
const PATIENCE_MS = 20_000;

/**
 * What the first signer that answers says to a call, by scripts that the engine does without: a reply with `error` is one that failed,
 * with `retryable` where it may succeed another time.
 * @param {Pick<Connection, "signers" | "askToken">} connection
 * @param {string} path
 * @param {object} call
 * @returns {Promise<any>}
 */
export async function askSigners({ signers, askToken }, path, call) {
  const body = JSON.stringify({ ...call, token: await askToken() });
  for (const signer of signers) {
    try {
      const init = { method: "POST", body, signal: AbortSignal.timeout(PATIENCE_MS) };
      const response = await fetch(signer + path, { ...init, credentials: "omit" });
      const reply = await response.json();
      const retryable = response.status === 429 || response.status >= 500;
      return reply.error ? { error: { ...reply.error, retryable } } : reply;
    } catch {
      // The next one may answer.
    }
  }
  return { error: { code: "signer_unreachable", message: "No signer answers. Check the connection.", retryable: true } };
}
