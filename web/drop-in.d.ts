import type { NearputError, Progress, UploadResult } from "./nearput.js";

/** One file of the input has moved. */
export type NearputProgressEvent = CustomEvent<{ file: File } & Progress>;
/** One file of the input is stored. */
export type NearputDoneEvent = CustomEvent<{ file: File; result: UploadResult }>;
/** One file of the input could not be uploaded: a `NearputError`, or a `TypeError` if the script tag itself is wrong. */
export type NearputErrorEvent = CustomEvent<{ file: File; error: NearputError | Error }>;

declare global {
  interface GlobalEventHandlersEventMap {
    "nearput:progress": NearputProgressEvent;
    "nearput:done": NearputDoneEvent;
    "nearput:error": NearputErrorEvent;
  }
}
