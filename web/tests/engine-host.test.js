import assert from "node:assert/strict";
import test from "node:test";

import { startEngine } from "../engine-host.js";

const CALL = { site: "tokyo", file: { name: "a.bin", parts: [] } };

/** A worker that asks the page, and keeps what it is answered. */
class Asking {
  static answers = new Map();

  constructor() {
    Asking.last = this;
    setImmediate(() => this.onmessage({ data: { type: "ready" } }));
  }

  postMessage(message) {
    Asking.answers.get(message.id)?.(message);
  }

  ask(id, what, ...call) {
    const answer = new Promise((resolve) => Asking.answers.set(id, resolve));
    this.onmessage({ data: { type: "ask", id, what, call } });
    return answer;
  }
}

/** What comes of it while `fetch` is another one. */
async function during(fetch, act) {
  const { fetch: real, Worker } = globalThis;
  Object.assign(globalThis, { fetch, Worker: Asking });
  try {
    const quiet = { onEvents() {}, onCrash() {} };
    await startEngine({ signers: ["https://sign.example"], options: {}, worker: true, askToken: async () => "token", ...quiet });
    return await act(Asking.last);
  } finally {
    Object.assign(globalThis, { fetch: real, Worker });
  }
}

test("whoever waits for an access point holds nobody up", async () => {
  let hang = () => {};
  const hangs = new Promise((resolve) => (hang = resolve));
  const never = () => new Promise(() => hang());
  const answer = await during(never, async (worker) => {
    worker.ask(1, "create", CALL);
    await hangs;
    return worker.ask(2, "token");
  });
  assert.deepEqual(answer, { type: "answer", id: 2, answer: "token" });
});

test("an access point that has failed once is left alone", async () => {
  let asked = 0;
  const refuse = async () => {
    asked++;
    throw new TypeError("Failed to fetch");
  };
  await during(refuse, async (worker) => {
    assert.equal((await worker.ask(3, "create", CALL)).type, "no-answer");
    assert.equal((await worker.ask(4, "create", CALL)).type, "no-answer");
  });
  assert.equal(asked, 1);
});
