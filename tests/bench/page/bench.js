// What the benchmarks do in the page. Each function that measures gives milliseconds.

const bare = new Worker("bare.js", { type: "module" });
let asked = 0;

/** Has the worker that knows nothing of Nearput do a job; see bare.js. */
function askBare(job) {
  const id = ++asked;
  bare.postMessage({ id, ...job });
  return new Promise((resolve, reject) => {
    bare.addEventListener("message", function hear({ data }) {
      if (data.id !== id) return;
      bare.removeEventListener("message", hear);
      if (data.error) reject(new Error(data.error));
      else resolve(data.took);
    });
  });
}

/** The file that was chosen. */
const chosen = () => document.querySelector("#file").files[0];

/** Files of random bytes. They are made once, and uploaded in each round. */
const made = new Map();
function make(count, size) {
  const name = `${count} of ${size}`;
  if (!made.has(name)) {
    const random = () => {
      const bytes = new Uint8Array(size);
      for (let at = 0; at < size; at += 65536) crypto.getRandomValues(bytes.subarray(at, Math.min(at + 65536, size)));
      return bytes;
    };
    made.set(name, Array.from({ length: count }, (_, index) => new File([random()], `small-${index}.bin`)));
  }
  return made.get(name);
}

/** Clients, by the signer's address. */
const clients = new Map();
async function connected(signer, token) {
  if (!clients.has(signer)) {
    const { connect } = await import("/nearput.js");
    const client = connect(signer, { token });
    await client.upload(new File(["x"], "first.txt", { type: "text/plain" })).result;
    clients.set(signer, client);
  }
  return clients.get(signer);
}

window.bench = {
  /** Opens all connections of these addresses. */
  warm: (urls, connections) => askBare({ verb: "warm", urls, connections }),
  bareFile: (urls, connections, partSize) => askBare({ verb: "putParts", file: chosen(), urls, connections, partSize }),
  bareForms: (urls, connections, count, size) => askBare({ verb: "postForms", files: make(count, size), urls, connections }),
  /** Connects, and uploads a tiny file. */
  connect: (signer, token) => connected(signer, token).then(() => null),
  nearputFile: (signer, token) => timed(signer, token, [chosen()]),
  watch,
  watched: () => seen,
  nearputFiles: (signer, token, count, size) => timed(signer, token, make(count, size)),
};

/** The most that has been seen. */
const seen = { longestTask: 0, heap: 0, module: undefined };

/** Must be called before the first client connects. */
function watch() {
  // Tasks over 50 ms, in milliseconds: https://www.w3.org/TR/longtasks/
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) seen.longestTask = Math.max(seen.longestTask, duration);
  }).observe({ type: "longtask" });
  setInterval(() => (seen.heap = Math.max(seen.heap, performance.memory.usedJSHeapSize)), 50);
  new BroadcastChannel("module's memory").onmessage = ({ data }) => (seen.module = Math.max(seen.module ?? 0, data));
  globalThis.Worker = class extends Worker {
    constructor(script, options) {
      const scripts = [new URL("watch-memory.js", import.meta.url).href, String(script)];
      const both = scripts.map((script) => `import ${JSON.stringify(script)};`).join("\n");
      super(URL.createObjectURL(new Blob([both], { type: "text/javascript" })), options);
    }
  };
}

async function timed(signer, token, files) {
  const client = await connected(signer, token);
  const started = performance.now();
  await Promise.all(files.map((file) => client.upload(file).result));
  return performance.now() - started;
}
