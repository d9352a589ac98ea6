/** @import { EngineOptions } from "./nearput.d.ts" */

/**
 * In credentials mode the engine has parts signed here, by a module that no other page loads.
 * @param {EngineOptions} options
 */
export function withSigning(options) {
  if (options.signing !== "browser") return options;
  /** @type {(...call: Parameters<typeof import("./credentials.js").signParts>) => Promise<unknown>} */
  const sign = async (...call) => (await import("./credentials.js")).signParts(...call);
  return { ...options, sign };
}
