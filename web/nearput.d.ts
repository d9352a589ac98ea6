/** How the engine works. All sizes are bytes, all times milliseconds, unless a line says otherwise. */
export interface EngineOptions {
  /** The most requests in flight at a time, for all uploads of this connection together. From 1 to 64; default 6. */
  concurrency?: number;
  /** The size of each part but the last, in bytes. From 8 MiB to 5 GiB; by default it follows from the file's size. */
  partSize?: number;
  /** An upload fails once no byte of it has moved for so long, in milliseconds. Default 60,000. Paused time does not count. */
  giveUpAfter?: number;
}

export interface ConnectOptions extends EngineOptions {
  /**
   * What proves to the signer who the caller is: the token, or a function that gets one. The function is called when a
   * token is first needed, and again when the signer has refused the last one. Default: none.
   */
  token?: string | (() => string | Promise<string>);
  /** Whether to work in a worker. Where none can be had, the page's thread does the work. Default true. */
  worker?: boolean;
}

export interface FileOptions {
  /** The file's name as the user knows it; the signer makes the object's key. Default: the file's own name, or "blob". */
  name?: string;
  /** The media type. Default: the file's own type. */
  type?: string;
  /** The access level, a name of the signer's configuration. Default: the signer's own. */
  access?: string;
  /** Stored with the object as `x-amz-meta-…`. Default: none. */
  metadata?: Record<string, string>;
}

export interface UploadOptions extends FileOptions {
  /** Cancels the upload when it aborts; `result` then rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** An object that is stored whole, as the storage itself has confirmed. */
export interface UploadResult {
  /** The id of the site that holds the object. */
  site: string;
  region: string;
  bucket: string;
  key: string;
  /** In bytes. */
  size: number;
  etag: string;
  /** Where the bucket keeps versions. */
  versionId?: string;
  /** Base64 of the whole object's CRC64NVME, big-endian. Absent where the storage knows no checksum. */
  checksum?: string;
  /** A signed address that reads the object back for a while. Keep it as secret as the object. */
  downloadUrl: string;
}

/**
 * - `queued`: waits for its turn
 * - `preparing`: is read, and opened at the signer
 * - `uploading`: bytes move
 * - `waiting`: something does not answer, and is tried again; `reason` says what
 * - `paused`: until `resume()`
 * - `finishing`: every byte is sent; the storage puts the object together
 * - `done`, `failed`, `cancelled`: final
 */
export type TaskState =
  | "queued"
  | "preparing"
  | "uploading"
  | "waiting"
  | "paused"
  | "finishing"
  | "done"
  | "failed"
  | "cancelled";

export interface Progress {
  /** Bytes that have been sent. Never decreases. */
  readonly loaded: number;
  /** The file's size in bytes. */
  readonly total: number;
  /** Bytes per second; 0 while it is not known. */
  readonly rate: number;
  /** Seconds that are left; undefined while they are not known. */
  readonly left: number | undefined;
}

/** Why an upload waits. */
export interface Reason {
  code: ErrorCode;
  message: string;
}

export interface TaskEventMap {
  /** `state` has changed. */
  statechange: Event;
  /** `progress` has changed; at most about 15 times a second. */
  progress: Event;
}

/** One file on its way. */
export declare class Task extends EventTarget {
  private constructor();
  /**
   * Rejects with a {@link NearputError} when the upload fails, and with a `DOMException` named `AbortError` (or the reason
   * that was given) when it is cancelled. If nobody looks at it, no `unhandledrejection` is raised.
   */
  readonly result: Promise<UploadResult>;
  readonly state: TaskState;
  /** Set while the state is `waiting`. */
  readonly reason: Reason | undefined;
  readonly progress: Progress;
  /** Stops sending; parts that are already stored stay. The state follows. */
  pause(): void;
  /** Goes on after `pause()`. The state follows. */
  resume(): void;
  /**
   * Ends the upload at once and for good; what is stored of it is deleted. If every byte was sent already, the object may
   * come to be all the same. Does nothing after the end.
   * @param reason what `result` rejects with; default: a `DOMException` named `AbortError`
   */
  cancel(reason?: unknown): void;

  addEventListener<K extends keyof TaskEventMap>(
    type: K,
    listener: (this: Task, event: TaskEventMap[K]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<K extends keyof TaskEventMap>(
    type: K,
    listener: (this: Task, event: TaskEventMap[K]) => void,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void;
}

/** A signer, and the engine that uploads with its help. */
export declare class Nearput {
  private constructor();
  /**
   * Queues one file. What goes wrong on the way rejects the task's `result`.
   * @throws {TypeError} if it is not a file, or an option is unknown or has a wrong value
   * @throws {DOMException} named `InvalidStateError`, after `close()`
   */
  upload(file: File | Blob, options?: UploadOptions): Task;
  /** Cancels what still runs, and ends the worker. */
  close(): void;
}

/**
 * Starts an engine for a signer, usually one per page.
 * @param signer the signer's absolute http(s) address, such as `https://sign.example.com`
 * @throws {TypeError} if the address will not do, or an option is unknown or has a wrong value
 */
export declare function connect(signer: string, options?: ConnectOptions): Nearput;

/** Why an upload failed: a stable `code` for programs, a `message` for people. */
export declare class NearputError extends Error {
  constructor(failure: { code: ErrorCode; message: string; retryable: boolean });
  readonly name: "NearputError";
  readonly code: ErrorCode;
  /** Whether the same upload may succeed if it is started again. */
  readonly retryable: boolean;
}

/** True for a {@link NearputError}, also for one of another copy of this package. */
export declare function isNearputError(error: unknown): error is NearputError;

/** The signer's codes, and those of the browser's side. A newer signer may know more. */
export type ErrorCode =
  // of the browser's side
  /** The signer does not answer. */
  | "signer_unreachable"
  /** The storage does not answer. */
  | "storage_unreachable"
  /** The file has changed or is gone since it was chosen. */
  | "file_unreadable"
  /** An option has a value that this upload cannot be made with. */
  | "invalid_option"
  /** The WebAssembly module could not be loaded, or has broken down. */
  | "engine_failed"
  // of the signer
  | "invalid_request"
  /** No token, or not a valid one. */
  | "unauthenticated"
  | "forbidden"
  | "not_found"
  | "method_not_allowed"
  | "request_too_large"
  | "too_many_items"
  | "file_too_large"
  | "type_not_allowed"
  | "invalid_name"
  | "unknown_site"
  | "invalid_plan"
  | "invalid_part_number"
  | "invalid_checksum"
  | "invalid_ticket"
  | "ticket_expired"
  | "upload_not_found"
  | "upload_incomplete"
  /** What is stored is not what was sent. */
  | "checksum_mismatch"
  /** The storage refuses the request. */
  | "storage_refused"
  | "storage_unavailable"
  | "internal"
  | (string & {});
