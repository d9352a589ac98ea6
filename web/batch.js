/** @import { News } from "./engine.d.ts" */
/** @import { TaskState } from "./nearput.d.ts" */

import { Task } from "./task.js";
import { Total } from "./total.js";

/** The state of several files is the first of these that one of them is in. @type {TaskState[]} */
const STATES = ["uploading", "finishing", "preparing", "waiting", "queued", "paused"];

/** Several files as one task. Each ends by itself, and the whole with the last. */
export class Batch extends Task {
  /** @param {Task[]} files */
  constructor(files) {
    /** @type {(event: News) => void} */
    let hear = () => {};
    super(0, (ear) => {
      hear = ear;
      return (verb) => files.forEach((file) => file[verb]());
    });
    this.files = files;

    /** How many files are in each state. @type {Partial<Record<TaskState, number>>} */
    const counts = {};
    const total = new Total(() => {
      const state = STATES.find((state) => counts[state]);
      if (!state) return;
      hear({ type: "progress", ...total.progress });
      if (state !== this.state) hear({ type: "state", state, reason });
    });
    let reason = files[0]?.reason;
    // A file that was given twice is under way once.
    for (const file of new Set(files)) {
      let { state } = file;
      const count = (/** @type {number} */ by) => (counts[state] = (counts[state] ?? 0) + by);
      count(1);
      file.addEventListener("statechange", () => {
        count(-1);
        ({ state } = file);
        reason = file.reason ?? reason;
        count(1);
      });
      total.add(file);
    }
    hear({ type: "progress", ...total.progress });

    Promise.allSettled(files.map((file) => file.result)).then((results) => {
      hear({ type: "progress", ...total.progress });
      hear({ type: "done", result: results, state: counts.failed ? "failed" : counts.cancelled ? "cancelled" : "done" });
    });
  }

  async replicated() {
    return Promise.all(this.files.map((file) => file.replicated()));
  }

  /** @param {unknown} [reason] */
  cancel(reason) {
    for (const file of this.files) file.cancel(reason);
  }
}
