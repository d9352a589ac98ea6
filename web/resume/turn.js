/** @import { News } from "../engine.d.ts" */

/** What the last tab said may arrive after its lock is free. In milliseconds. */
const LAST_WORDS_MS = 300;

/** One tab at a time uploads a file; those that wait for their turn hear how it goes. Where there are no locks, nobody waits. */
export class Turn {
  #name;
  #over;
  #locks;
  /** @type {BroadcastChannel | undefined} */ #channel;
  /** @type {(ignored?: any) => void} */ #leave = () => {};

  /**
   * @param {string} id the upload's
   * @param {AbortSignal} over when this tab has no more to do with it
   * @param {LockManager | undefined} locks
   */
  constructor(id, over, locks) {
    this.#name = lockName(id);
    this.#over = over;
    this.#locks = locks;
    if (!locks) return;
    const channel = (this.#channel = new BroadcastChannel(this.#name));
    over.addEventListener("abort", () => {
      channel.close();
      this.leave();
    });
  }

  /**
   * Waits until it is this tab's turn, or all is over.
   * @param {() => void} onWait
   * @param {(news: News) => void} hear what the other tab's upload says
   */
  async take(onWait, hear) {
    if (!this.#channel || (await this.#lock({ ifAvailable: true }))) return;
    onWait();
    this.#channel.onmessage = ({ data }) => hear(data);
    await this.#lock({ signal: this.#over });
    await new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS));
    this.#channel.onmessage = null;
  }

  /** @param {News} news */
  tell(news) {
    this.#channel?.postMessage(news);
  }

  leave() {
    this.#leave();
  }

  /** @param {LockOptions} options */
  #lock(options) {
    return new Promise((resolve) => {
      const held = this.#locks?.request(this.#name, options, (lock) => {
        resolve(lock);
        if (lock && !this.#over.aborted) return new Promise((leave) => (this.#leave = leave));
      });
      // All is over, or the browser lets this page have no locks: it goes without.
      held?.catch(resolve);
    });
  }
}

/** @param {string} id */
export function lockName(id) {
  return `nearput ${id}`;
}
