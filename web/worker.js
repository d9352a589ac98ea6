/** @import { EngineEvent, FromWorker, ToWorker } from "./engine.d.ts" */

import init, { Engine } from "./pkg/nearput_client.js";
import { withSigning } from "./signing.js";

/** @type {any} */
let engine;
/** How long a closed worker still lives, for the engine to give uploads up at the signer. In milliseconds. */
const LINGER_MS = 60_000;
/** @type {{ resolve: (token: string | undefined) => void, reject: (error: Error) => void }[]} */
const waitingForToken = [];

addEventListener("message", (/** @type {MessageEvent<ToWorker>} */ { data }) => {
  switch (data.type) {
    case "start":
      start(data);
      break;
    case "calls":
      for (const [verb, ...args] of data.calls) engine[verb](...args);
      break;
    case "token":
      waitingForToken.shift()?.resolve(data.token);
      break;
    case "no-token":
      waitingForToken.shift()?.reject(new Error(data.message));
      break;
    case "close":
      setTimeout(close, LINGER_MS);
      break;
  }
});

// The page hears of errors, not of rejections; the engine's own breakdown may be either.
addEventListener("unhandledrejection", ({ reason }) => reportError(reason));

/** @param {Extract<ToWorker, { type: "start" }>} setup */
async function start({ signer, options }) {
  try {
    await init();
    const tell = (/** @type {EngineEvent[]} */ events) => post({ type: "events", events });
    engine = new Engine(signer, withSigning(options), askToken, tell);
    post({ type: "ready" });
  } catch (error) {
    post({ type: "not-ready", message: String(error) });
  }
}

function askToken() {
  return new Promise((resolve, reject) => {
    waitingForToken.push({ resolve, reject });
    post({ type: "ask-token" });
  });
}

/** @param {FromWorker} message */
function post(message) {
  postMessage(message);
}
