/** @import { News } from "../engine.d.ts" */

/** What the last tab said may arrive after its lock is free. In milliseconds. */
const LAST_WORDS_MS = 300;

/** One tab at a time uploads a file; those that wait for their turn hear how it goes. Where there are no locks, nobody waits. */
export class Turn {
  #name;
  #locks;
  /** @type {BroadcastChannel | undefined} */ #channel;
  /** @type {(() => void) | undefined} */ #release;
  #ended = new AbortController();

  /**
   * @param {string} id the upload's
   * @param {LockManager | undefined} locks
   */
  constructor(id, locks = globalThis.navigator?.locks) {
    this.#name = lockName(id);
    this.#locks = locks;
  }

  /**
   * Waits until it is this tab's turn, or `end()` is called.
   * @param {() => void} onWait
   * @param {(event: News) => void} hear what the other tab's upload says
   */
  async take(onWait, hear) {
    if (!this.#locks) return;
    this.#channel = new BroadcastChannel(this.#name);
    if (await this.#lock({ ifAvailable: true })) return;
    onWait();
    this.#channel.onmessage = ({ data }) => hear(data);
    await this.#lock({ signal: this.#ended.signal });
    await new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS));
    if (this.#channel) this.#channel.onmessage = null;
  }

  /** @param {News} event */
  tell(event) {
    this.#channel?.postMessage(event);
  }

  end() {
    this.#ended.abort();
    this.#channel?.close();
    this.#channel = undefined;
    this.#release?.();
  }

  /** @param {LockOptions} options */
  #lock(options) {
    return new Promise((resolve) => {
      const held = this.#locks?.request(this.#name, options, (lock) => {
        resolve(lock);
        if (lock && !this.#ended.signal.aborted) return new Promise((release) => (this.#release = () => release(undefined)));
      });
      // The wait was ended, or the browser lets this page have no locks.
      held?.catch(() => resolve(undefined));
    });
  }
}

/** @param {string} id */
export function lockName(id) {
  return `nearput ${id}`;
}
