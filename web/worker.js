import init, { Engine } from "./pkg/nearput_client.js";

/** @type {Engine} */
let engine;
/** The uploads that have not ended: a closed worker lives until they have. */
const open = new Set();
let closing = false;
/** @type {{ resolve: (token: string | undefined) => void, reject: (error: Error) => void }[]} */
const waitingForToken = [];

addEventListener("message", ({ data }) => {
  switch (data.type) {
    case "start":
      start(data);
      break;
    case "call":
      call(data.call);
      break;
    case "token":
      waitingForToken.shift()?.resolve(data.token);
      break;
    case "no-token":
      waitingForToken.shift()?.reject(new Error(data.message));
      break;
    case "close":
      closing = true;
      closeWhenIdle();
      break;
  }
});

/** @param {{ signer: string, options: object }} setup */
async function start({ signer, options }) {
  try {
    await init();
    engine = new Engine(signer, options, askToken, onEvent);
    postMessage({ type: "ready" });
  } catch (error) {
    postMessage({ type: "not-ready", message: String(error) });
  }
}

/** @param {[verb: string, id: number, ...rest: unknown[]]} call */
function call([verb, id, ...rest]) {
  if (verb === "upload") open.add(id);
  /** @type {any} */ (engine)[verb](id, ...rest);
}

function askToken() {
  return new Promise((resolve, reject) => {
    waitingForToken.push({ resolve, reject });
    postMessage({ type: "ask-token" });
  });
}

/** @param {import("./task.js").EngineEvent} event */
function onEvent(event) {
  postMessage({ type: "event", event });
  if (event.type === "done" || event.type === "failed" || (event.type === "state" && event.state === "cancelled")) {
    open.delete(event.id);
    closeWhenIdle();
  }
}

function closeWhenIdle() {
  if (closing && open.size === 0) close();
}
