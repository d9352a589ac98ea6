/** @import { EngineCall, EngineHost, EngineSetup, FromWorker, ToWorker } from "./engine.d.ts" */

/** To hand over thousands of files at once would hold the page up. */
const CALLS_AT_A_TIME = 250;

/** A closed engine still hears for so long which of its uploads are cancelled. In milliseconds. */
const LINGER_MS = 1_000;

/**
 * Starts the engine in a worker, or on the page where no worker can be had.
 * @param {EngineSetup} setup
 * @returns {Promise<EngineHost>}
 */
export async function startEngine(setup) {
  if (setup.worker && globalThis.Worker) {
    try {
      return await startInWorker(setup);
    } catch (error) {
      console.warn(`Nearput works on the page's thread: ${/** @type {Error} */ (error).message}`);
    }
  }
  return startOnPage(setup);
}

/**
 * @param {EngineSetup} setup
 * @returns {Promise<EngineHost>}
 */
async function startOnPage({ signers, options, askToken, onEvents }) {
  const create = opener({ signers, askToken });
  const { default: init, Engine } = await import("./pkg/nearput_client.js");
  await init();
  const engine = new Engine(signers, { ...options, sign: options.signing === "browser" && sign, create }, askToken, onEvents);
  return {
    call: (verb, ...args) => /** @type {any} */ (engine)[verb](...args),
    close() {
      setTimeout(() => engine.free(), LINGER_MS);
    },
  };
}

/**
 * @param {EngineSetup} setup
 * @returns {Promise<EngineHost>}
 */
function startInWorker({ signers, options, askToken, onEvents, onCrash }) {
  return new Promise((resolve, reject) => {
    const worker = createWorker();
    const ways = { token: askToken, sign, create: opener({ signers, askToken }) };
    let fail = (/** @type {Error} */ cause) => {
      worker.terminate();
      reject(cause);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      fail(new Error(event.message || "worker.js could not be loaded"));
    };
    const post = (/** @type {ToWorker} */ message) => worker.postMessage(message);
    /** @type {EngineCall[]} */
    const waiting = [];
    const send = () => {
      post({ type: "calls", calls: waiting.splice(0, CALLS_AT_A_TIME) });
      if (waiting.length) setTimeout(send);
    };
    worker.onmessage = (/** @type {MessageEvent<FromWorker>} */ { data }) => {
      switch (data.type) {
        case "ready":
          fail = (cause) => {
            worker.terminate();
            onCrash(cause);
          };
          resolve({
            call(...call) {
              if (waiting.push(call) === 1) setTimeout(send);
            },
            close() {
              post({ type: "calls", calls: waiting.splice(0) });
              post({ type: "close" });
            },
          });
          break;
        case "not-ready":
          fail(new Error(data.message));
          break;
        case "events":
          onEvents(data.events);
          break;
        case "ask":
          /** @type {Promise<unknown>} */ (ways[data.what](...data.call)).then(
            (answer) => post({ type: "answer", id: data.id, answer }),
            (error) => post({ type: "no-answer", id: data.id, message: String(error?.message ?? error) }),
          );
          break;
      }
    };
    post({ type: "start", signers, options });
  });
}

/**
 * In credentials mode parts are signed here, by a module that no other page loads.
 * @param {any[]} call
 */
async function sign(...call) {
  const { signParts } = await import("./credentials.js");
  return signParts(call[0], call[1]);
}

/**
 * Uploads by a Multi-Region Access Point are opened here, by a script that no other page loads. What has failed once is not tried again:
 * the uploads are opened as any other.
 * @param {Pick<EngineSetup, "signers" | "askToken">} connection
 */
function opener(connection) {
  let works = true;
  return async (/** @type {any[]} */ ...call) => {
    if (!works) throw new Error("the access point has failed before");
    try {
      const { openByAccessPoint } = await import("./access-point.js");
      return await openByAccessPoint(connection, call[0]);
    } catch (error) {
      works = false;
      throw error;
    }
  };
}

/** @returns {Worker} */
function createWorker() {
  try {
    return new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== "SecurityError") throw error;
    // A script of another origin cannot be a worker, but a worker of this origin can import it. Bundlers must not see this
    // address: they would copy worker.js as it is.
    const name = "./worker.js";
    const script = `import ${JSON.stringify(new URL(name, import.meta.url).href)};`;
    return new Worker(URL.createObjectURL(new Blob([script], { type: "text/javascript" })), { type: "module" });
  }
}
