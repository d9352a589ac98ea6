/** How the engine works. All sizes are bytes, all times milliseconds, unless a line says otherwise. */
export interface EngineOptions {
  /**
   * The most requests in flight at a time, for all uploads of this connection together. From 1 to 64. By default it adapts to
   * the line, up to 6 for each host name of the bucket.
   */
  concurrency?: number;
  /** The size of each part but the last, in bytes. From 8 MiB to 5 GiB. By default it follows from the file's size and the line. */
  partSize?: number;
  /**
   * An upload fails once no byte of it has moved for so long, in milliseconds. Default 3,600,000: an hour offline is waited out.
   * Paused time does not count.
   */
  giveUpAfter?: number;
  /** A request of which no byte has moved for so long is given up and sent again, in milliseconds. Default 20,000. */
  stallAfter?: number;
  /**
   * Who signs parts: the signer, or the browser by temporary credentials that the signer gives for one upload, where a site offers
   * them. Long uploads then need fewer calls; but the credentials hold down no size and no type. Default `"signer"`.
   */
  signing?: "signer" | "browser";
}

export interface ConnectOptions extends EngineOptions {
  /**
   * What proves to the signer who the caller is: the token, or a function that gets one. The function is called when a
   * token is first needed, and again when the signer has refused the last one. Default: none.
   */
  token?: string | (() => string | Promise<string>);
  /** Whether to work in a worker. Where none can be had, the page's thread does the work. Default true. */
  worker?: boolean;
  /**
   * Whether uploads of more than 8 MiB are remembered in IndexedDB, so that they can be resumed after a reload, a crash or the
   * next day, and are not made by two tabs at a time. Default true. Where the browser keeps nothing, they go without.
   */
  resume?: boolean;
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
  /** A whole number: files of a higher one go first. Default 0. Within one, small files go first. */
  priority?: number;
}

export interface UploadOptions extends FileOptions {
  /**
   * Where the file came from, by `showOpenFilePicker()` or `DataTransferItem.getAsFileSystemHandle()`. With it, an interrupted
   * upload goes on by one click; without it, the file must be chosen again. For one file only. Default: none.
   */
  handle?: FileSystemFileHandle;
  /** Whether this upload is remembered. Default: as `connect()` was told. */
  resume?: boolean;
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

/** A copy of the object at another site. */
export interface Replica {
  /** The id of the site. */
  readonly site: string;
  readonly region: string;
  readonly bucket: string;
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
  /** Bytes that have been sent. Never decreases, except where the upload starts anew (event `restart`): then it begins at 0. */
  readonly loaded: number;
  /** The file's size in bytes; of several files, their sum. A file that failed or was cancelled counts with what was sent of it. */
  readonly total: number;
  /** Bytes per second; 0 while it is not known. */
  readonly rate: number;
  /** Seconds that are left; undefined while they are not known. */
  readonly left: number | undefined;
}

/** Why an upload waits, or has started anew. */
export interface Reason {
  code: ErrorCode;
  message: string;
}

/** How an upload went. `String(report)` is a text for a support mail. It holds no secret and no signed address. */
export interface Report {
  /** The id of the site; undefined where the upload failed before there was one. */
  readonly site: string | undefined;
  /** How the file was sent: `form`, `put` or `multipart`. */
  readonly plan: string;
  /** In bytes. */
  readonly size: number;
  /** From the first byte's turn to the end. */
  readonly seconds: number;
  /** Bytes per second over all of that time. */
  readonly rate: number;
  /** The host names that were used. */
  readonly paths: readonly {
    /** The id of the site that the host name belongs to. */
    readonly site: string;
    readonly id: string;
    readonly host: string;
    /** Sent there. */
    readonly bytes: number;
    /** While a request was under way there. */
    readonly seconds: number;
    readonly parts: number;
    /** Requests that failed there. */
    readonly failures: number;
  }[];
  /** Why requests were sent again, and how often. */
  readonly retries: readonly { readonly code: ErrorCode; readonly count: number }[];
  /** Why the upload started anew, each time. */
  readonly restarts: readonly { readonly code: ErrorCode }[];
  /** Bytes that went more than once. */
  readonly sentTwice: number;
  toString(): string;
}

/** What a loop over a task sees. */
export interface TaskStep {
  readonly state: TaskState;
  readonly progress: Progress;
  readonly reason: Reason | undefined;
}

export interface TaskEventMap {
  /** `state` has changed. */
  statechange: Event;
  /** `progress` has changed; at most about 15 times a second. */
  progress: Event;
  /** `site` has changed. */
  site: Event;
  /** The upload has started anew; `restarts` has a new last entry. */
  restart: Event;
}

/**
 * A file on its way, or several.
 *
 * `for await (const { state, progress, reason } of task)` sees the newest step each time, down to the last; it ends when the task
 * ends, and does not throw: `result` does.
 */
export declare class Task<Result = UploadResult> extends EventTarget implements AsyncIterable<TaskStep> {
  private constructor();
  /**
   * Of one file: rejects with a {@link NearputError} when the upload fails, and with a `DOMException` named `AbortError` (or the
   * reason that was given) when it is cancelled. Of several: never rejects; has for each file, in their order, what
   * `Promise.allSettled` gives. If nobody looks at it, no `unhandledrejection` is raised.
   */
  readonly result: Promise<Result>;
  /**
   * Of several files: the first of `uploading`, `finishing`, `preparing`, `waiting`, `queued`, `paused` that one of them is in;
   * in the end `failed` if one has failed, else `cancelled` if one was cancelled, else `done`.
   */
  readonly state: TaskState;
  /** Set while the state is `waiting`. */
  readonly reason: Reason | undefined;
  readonly progress: Progress;
  /** The id of the site to which the file goes; undefined until it is chosen. Another one after its site has failed. Of one file only. */
  readonly site: string | undefined;
  /** How it went: set when the state is `done`, or `failed` once the engine had begun. Of one file only. */
  readonly report: Report | undefined;
  /**
   * Why the upload started anew, each time: what was stored is no longer there, or is not of this file; or its site has failed, or
   * become slow. Of one file only.
   */
  readonly restarts: readonly Reason[];
  /** A task for each of several files, in their order; of one file, this task. */
  readonly files: readonly Task[];
  /**
   * Resolves once every other site to which the storage copies the object has it; at once where nothing is copied. Rejects as
   * `result` does, or with a {@link NearputError} of the code `replication_failed` that names the site whose copy failed. Of several
   * files: once all have been copied. The signer is asked at intervals of 1 s, which widen to a minute, for as long as the ticket lasts.
   */
  replicated(): Promise<Result extends UploadResult ? Replica[] : Replica[][]>;
  /** Stops sending; parts that are already stored stay. The state follows. */
  pause(): void;
  /** Goes on after `pause()`. The state follows. */
  resume(): void;
  /**
   * Ends the upload at once and for good; what is stored of it is deleted. If every byte was sent already, the object may
   * come to be all the same. Does nothing after the end. Of several files, it ends those that have not ended.
   * @param reason what `result` rejects with; default: a `DOMException` named `AbortError`
   */
  cancel(reason?: unknown): void;
  [Symbol.asyncIterator](): AsyncIterator<TaskStep, void, void>;

  addEventListener<K extends keyof TaskEventMap>(
    type: K,
    listener: (this: this, event: TaskEventMap[K]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<K extends keyof TaskEventMap>(
    type: K,
    listener: (this: this, event: TaskEventMap[K]) => void,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void;
}

/** An upload that was interrupted, by a reload, a crash or a failure, and can go on until its ticket ends. */
export interface InterruptedUpload {
  readonly id: string;
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** Bytes that are stored. */
  readonly loaded: number;
  /** When it last went on, in milliseconds since 1970. */
  readonly updatedAt: number;
  /** Until when it can go on, in milliseconds since 1970. Going on makes it later, as far as the signer allows. */
  readonly expiresAt: number;
  /** Whether `resume()` needs the file: not after `click`, where the browser asks the user for permission at most. */
  readonly canResume: "click" | "pick";
  /** Whether a tab, this one or another, is uploading it. */
  readonly busy: boolean;
  /**
   * Goes on. It is proved that the file is the same; if it is not, the upload starts anew, and `restarts` says so. With a handle,
   * call it while a click is dispatched, so that the browser may ask. What cannot be read, or is another file (`wrong_file`),
   * fails the task, and can be resumed again.
   * @param file the file that the user has chosen or dropped
   * @throws {TypeError} if `canResume` is `pick` and there is no file
   */
  resume(file?: File | Blob): Task;
  /** Deletes what is known and what is stored of it, unless a tab is uploading it. Never rejects because of the signer. */
  forget(): Promise<void>;
}

/** A site to which files of this page may go, and how far away it is. */
export interface SiteMeasurement {
  readonly id: string;
  readonly region: string;
  /** The round trip in milliseconds, as last measured; null where it has not been, or nothing answered. */
  readonly latency: number | null;
  /** Whether it is the site that the signer prefers: it is taken where the measurements make no difference. */
  readonly home: boolean;
  /** Whether the next file goes there, if it may go to all of them. */
  readonly chosen: boolean;
  /** False for a while after it was found not to answer, or not to work. */
  readonly alive: boolean;
}

export interface NearputEventMap {
  /** `progress` has changed. */
  progress: Event;
  /** `sites()` has another answer. */
  sites: Event;
}

/** A signer, and the engine that uploads with its help. */
export declare class Nearput extends EventTarget {
  private constructor();
  /** Of all uploads together, since the last time when none was under way. */
  readonly progress: Progress;
  /**
   * Queues a file. What goes wrong on the way rejects the task's `result`. A `File` object that is under way already, with the
   * same options, gives the same task: a double click uploads once. A file of which an interrupted upload is remembered goes on
   * where that one ended; the same file in another tab is waited for (`waiting`, `in_other_tab`), and then has the same result.
   * @throws {TypeError} if it is not a file, or an option is unknown or has a wrong value
   * @throws {DOMException} named `InvalidStateError`, after `close()`
   */
  upload(file: File | Blob, options?: UploadOptions): Task;
  /** Queues several files, all with these options, as one task. Each of them ends by itself. */
  upload(files: Iterable<File | Blob>, options?: Omit<UploadOptions, "handle">): Task<PromiseSettledResult<UploadResult>[]>;
  /**
   * The uploads to this signer that were interrupted, the newest first.
   * @throws {DOMException} named `InvalidStateError`, after `close()`
   */
  interrupted(): Promise<InterruptedUpload[]>;
  /**
   * The sites that the caller may use, in the signer's order. They are measured if that was not done in the last minutes. To ask
   * when the page opens spares the first upload the time.
   * @throws {NearputError} as an upload does
   * @throws {DOMException} named `InvalidStateError`, after `close()`
   */
  sites(): Promise<SiteMeasurement[]>;
  /** Cancels what still runs, asks for no copies any more, and ends the worker. */
  close(): void;

  addEventListener<K extends keyof NearputEventMap>(
    type: K,
    listener: (this: this, event: NearputEventMap[K]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

/**
 * Starts an engine for a signer, usually one per page.
 * @param signer the signer's absolute http(s) address, such as `https://sign.example.com`; or several of signers with the same
 *   configuration and ticket keys. They are tried in their order, and then those that a signer itself names: one that does not answer
 *   is left for a while. What can be resumed is remembered by the first one.
 * @throws {TypeError} if an address will not do, or an option is unknown or has a wrong value
 */
export declare function connect(signer: string | readonly string[], options?: ConnectOptions): Nearput;

/** A report as text, as `String(report)` gives it; also for a report that came through JSON. */
export declare function reportText(report: Report): string;

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
  /** Why an upload starts anew: the file is not the one that was interrupted. */
  | "file_changed"
  /** Why an upload starts anew: its site has become slow, and another is nearer now. */
  | "site_slow"
  /** An option has a value that this upload cannot be made with. */
  | "invalid_option"
  /** Another tab uploads the file: why an upload waits, never why one fails. */
  | "in_other_tab"
  /** The file is not the one whose upload was to be resumed. */
  | "wrong_file"
  /** Of `replicated()`: the storage could not copy the object to another site. */
  | "replication_failed"
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
  /** Another object has the key, and may not be replaced. */
  | "object_exists"
  /** Too many calls, or too much in a day: the message says how long to wait. */
  | "rate_limited"
  | "quota_exceeded"
  | "busy"
  /** Whoever issues the tokens cannot be asked. */
  | "issuer_unavailable"
  /** The file is stored, but one who must hear of it cannot be reached. */
  | "webhook_unavailable"
  | "internal"
  | (string & {});

declare global {
  /** Chromium's, which TypeScript does not know. */
  interface FileSystemHandle {
    requestPermission(): Promise<"granted" | "denied" | "prompt">;
  }
  interface DataTransferItem {
    getAsFileSystemHandle?(): Promise<FileSystemHandle | null>;
  }
}
