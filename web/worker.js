/** @import { EngineEvent, FromWorker, ToWorker } from "./engine.d.ts" */

import init, { Engine } from "./pkg/nearput_client.js";

/** @type {any} */
let engine;
/** How long a closed worker still lives, for the engine to give uploads up at the signer. In milliseconds. */
const LINGER_MS = 60_000;
/** What the page has been asked for, by numbers. @type {Map<number, { resolve: (answer: any) => void, reject: (error: Error) => void }>} */
const asked = new Map();
let lastId = 0;

addEventListener("message", (/** @type {MessageEvent<ToWorker>} */ { data }) => {
  switch (data.type) {
    case "start":
      start(data);
      break;
    case "calls":
      for (const [verb, ...args] of data.calls) engine[verb](...args);
      break;
    case "answer":
      asked.get(data.id)?.resolve(data.answer);
      asked.delete(data.id);
      break;
    case "no-answer":
      asked.get(data.id)?.reject(new Error(data.message));
      asked.delete(data.id);
      break;
    case "close":
      setTimeout(close, LINGER_MS);
      break;
  }
});

// The page hears of errors, not of rejections; the engine's own breakdown may be either.
addEventListener("unhandledrejection", ({ reason }) => reportError(reason));

/** @param {Extract<ToWorker, { type: "start" }>} setup */
async function start({ signers, options }) {
  try {
    await init();
    const tell = (/** @type {EngineEvent[]} */ events) => post({ type: "events", events });
    const sign = options.signing === "browser" && ((/** @type {unknown[]} */ ...call) => ask("sign", call));
    const create = (/** @type {unknown[]} */ ...call) => ask("create", call);
    engine = new Engine(signers, { ...options, sign, create }, () => ask("token", []), tell);
    post({ type: "ready" });
  } catch (error) {
    post({ type: "not-ready", message: String(error) });
  }
}

/**
 * Asks the page.
 * @param {"token" | "sign" | "create"} what
 * @param {unknown[]} call
 */
function ask(what, call) {
  return new Promise((resolve, reject) => {
    const id = ++lastId;
    asked.set(id, { resolve, reject });
    post({ type: "ask", id, what, call });
  });
}

/** @param {FromWorker} message */
function post(message) {
  postMessage(message);
}
