/** What passes between the page, its engine, and the records of uploads. */

import type {
  EngineOptions,
  ErrorCode,
  FileOptions,
  Progress,
  Reason,
  Report,
  SiteMeasurement,
  TaskState,
  UploadResult,
} from "./nearput.d.ts";

/** What is told about one upload. */
export type News =
  | { type: "state"; state: TaskState; reason?: Reason }
  | ({ type: "progress" } & Progress)
  /** Which site the upload goes to. */
  | { type: "site"; site: string }
  /** Only of uploads in parts: what they can be resumed by. */
  | { type: "opened"; record: Opened }
  /** The same upload can be resumed for longer. */
  | { type: "renewed"; renewed: { ticket: string; expires_at: number } }
  /** Parts that the storage has taken since this was last told. */
  | { type: "stored"; parts: StoredPart[] }
  /** The upload starts anew: what was told of it is void. */
  | { type: "restarted"; reason: Reason }
  /** `state` is another than `done` only of several files together: some may have failed. */
  | {
      type: "done";
      result: UploadResult | PromiseSettledResult<UploadResult>[];
      report?: Report;
      state?: TaskState;
      /** A secret, by which the signer can be asked for the object's copies. */
      ticket?: string;
    }
  /** `resumable`: its record is worth keeping. */
  | { type: "failed"; error: Failure; report?: Report; resumable?: boolean };

/** What the engine tells, in arrays, about once per frame. What is told of the number 0 is about no upload. */
export type EngineEvent = { id: number } & (News | { type: "sites"; sites: SiteMeasurement[] });

export interface Failure {
  code: ErrorCode;
  message: string;
  retryable: boolean;
}

export interface Opened {
  ticket: string;
  site: string;
  key: string;
  /** In bytes. */
  partSize: number;
  /** When the ticket ends, in milliseconds since 1970. */
  expiresAt: number;
}

export interface StoredPart {
  number: number;
  /** Base64, big-endian; null where the site keeps none. */
  checksum: string | null;
}

/** What the engine needs to go on with an upload. */
export interface Resume extends Omit<Opened, "expiresAt"> {
  parts: StoredPart[];
}

export interface EngineFileOptions extends FileOptions {
  /** `false` where nobody will ask for the upload again: what is stored of it is deleted when it fails. */
  resume?: Resume | false;
}

/** An upload as it is kept in IndexedDB. */
export interface UploadRecord extends Opened {
  /** {@link file://./resume/identity.js} */
  id: string;
  signer: string;
  name: string;
  /** In bytes. */
  size: number;
  options: FileOptions;
  handle?: FileSystemFileHandle;
  /** The checksums of the stored parts, by number. */
  parts: Map<number, string | null>;
  /** In milliseconds since 1970. */
  updatedAt: number;
}

export type Verb = "pause" | "resume" | "cancel";

/** What an upload can be told: first `upload`, and then the other verbs. */
export type Send = (verb: Verb | "upload", ...rest: [] | [Blob | Promise<Blob>, EngineFileOptions]) => void;

export type EngineCall = ["upload", number, Blob, EngineFileOptions] | [Verb | "sites", number];

/** An upload of which a record is to be kept. */
export interface KeptUpload {
  file: Blob | Promise<Blob>;
  options: FileOptions;
  handle?: FileSystemFileHandle;
  /** Set where this very upload is to be resumed. */
  record?: UploadRecord;
  signer: string;
  /** To the engine. */
  send: Send;
  /** Tells the upload's task. */
  hear: (news: News) => void;
  /** Is told what the engine says, before the task hears it. */
  listen: (ear: (news: News) => void) => void;
}

/** Whom an engine works for. */
export interface Connection {
  /** The first one is the connection's name: records of uploads are kept by it. */
  signers: string[];
  options: EngineOptions;
  /** Whether a worker is to be tried. */
  worker: boolean;
  /** Whether records of large uploads are kept. */
  resume: boolean;
  askToken: () => Promise<string | undefined>;
}

export interface EngineSetup extends Omit<Connection, "resume"> {
  onEvents: (events: EngineEvent[]) => void;
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
  | { type: "start"; signers: string[]; options: EngineOptions }
  | { type: "calls"; calls: EngineCall[] }
  | { type: "answer"; id: number; answer: unknown }
  | { type: "no-answer"; id: number; message: string }
  | { type: "close" };

/** From the worker to the page. */
export type FromWorker =
  | { type: "ready" }
  | { type: "not-ready"; message: string }
  | { type: "events"; events: EngineEvent[] }
  | { type: "ask"; id: number; what: "token" | "sign" | "create"; call: any[] };
