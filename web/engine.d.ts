/** What passes between the page and its engine. */

import type { EngineOptions, ErrorCode, FileOptions, Progress, Reason, TaskState, UploadResult } from "./nearput.d.ts";

/** What the engine tells about one upload. */
export type EngineEvent = { id: number } & (
  | { type: "state"; state: TaskState; reason?: Reason }
  | ({ type: "progress" } & Progress)
  | { type: "done"; result: UploadResult }
  | { type: "failed"; error: Failure }
);

export interface Failure {
  code: ErrorCode;
  message: string;
  retryable: boolean;
}

export type Verb = "pause" | "resume" | "cancel";

export type EngineCall = ["upload", number, Blob, FileOptions] | [Verb, number];

/** Whom an engine works for. */
export interface Connection {
  signer: string;
  options: EngineOptions;
  /** Whether a worker is to be tried. */
  worker: boolean;
  askToken: () => Promise<string | undefined>;
}

export interface EngineSetup extends Connection {
  onEvent: (event: EngineEvent) => void;
  /** A running engine has broken down; its uploads are lost. */
  onCrash: (cause: Error) => void;
}

/** A running engine, wherever it runs. */
export interface EngineHost {
  call: (...call: EngineCall) => void;
  /** Gives the engine up, once cancelled uploads are cleared away. */
  close: () => void;
}

/** From the page to the worker. */
export type ToWorker =
  | { type: "start"; signer: string; options: EngineOptions }
  | { type: "call"; call: EngineCall }
  | { type: "token"; token: string | undefined }
  | { type: "no-token"; message: string }
  | { type: "close" };

/** From the worker to the page. */
export type FromWorker =
  | { type: "ready" }
  | { type: "not-ready"; message: string }
  | { type: "event"; event: EngineEvent }
  | { type: "ask-token" };
