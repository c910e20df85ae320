// The types of the package, and what each call means, blocks on and throws.

import type { Arrays, Codes, CreateOptions, OpenOptions, OpenOrCreateOptions, Place } from "./generated.cjs";

export type { CreateOptions, OpenOptions, OpenOrCreateOptions, Place, RegionOptions } from "./generated.cjs";

/** The kinds of error, such as `"NotFound"`; the same in every language. */
export type ErrorKind = keyof Codes;

/** The `code` of an error, such as `"ERR_ZINC_NOT_FOUND"`. */
export type ErrorCode = Codes[ErrorKind];

/** The element types that a region can be described with, such as `"float32"`. */
export type DType = keyof Arrays;

/** A `Temporal.Duration`, where the runtime has them. */
export interface Duration {
  total(options: { unit: "milliseconds" }): number;
}

/** How long to wait: milliseconds or a `Temporal.Duration`. 0 looks once; without one, and with `Infinity`, for ever. */
export type Timeout = number | Duration | null | undefined;

export interface WaitOptions {
  /** How long to wait. */
  ms?: Timeout;
  /** Ends the wait at once: its promise is rejected with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** The elements of a described region, in place. */
export interface Tensor<D extends DType = DType> {
  readonly dtype: D;
  /** The length of each dimension, outermost first; empty for a single element. */
  readonly shape: readonly number[];
  /**
   * All elements, row-major, over the region's `buffer`. Where JavaScript has no numbers of the type: `bool` is a byte
   * each, `bfloat16` the 16 bits of each, `complex64` and `complex128` two numbers each.
   */
  readonly data: Arrays[D];
}

/** What is known of a region without opening it. */
export interface RegionInfo {
  readonly name: string;
  /** Its file. */
  readonly path: string;
  /** Bytes of data. */
  readonly capacity: number;
  /** Sixteen random bytes, which tell two regions apart that had one name. */
  readonly id: Uint8Array;
  readonly created: Date;
  /** The creator's process id, for people to read: pids are reused. */
  readonly ownerPid: number;
  /**
   * `"owned"` (its owner is alive), `"persistent"` (it has no owner and stays until it is removed) or `"dead"` (its
   * owner ended without closing it), as it was when this was asked.
   */
  readonly state: "owned" | "persistent" | "dead" | "unknown";
}

/** What Zinc throws. The message names the operation and the region, and says what to do next. */
export class ZincError extends Error {
  private constructor();
  /** Tells the kinds apart, as in Node's own errors. */
  readonly code: ErrorCode;
  /** The kind's name, the same in every language. */
  readonly kind: ErrorKind;
  /** The kind's number, the same in every language; negative. */
  readonly number: number;
  /** What was attempted, such as `"open"`. */
  readonly operation: string;
  /** The name of the region concerned, if there is one. */
  readonly region?: string;
  /** The operating system's error number, if it gave one. */
  readonly errno?: number;
  /** The bytes that had to be reserved, where that failed. */
  readonly needed?: number;
  /** The bytes that were free at that time. */
  readonly free?: number;
}

/**
 * Named memory that processes on one machine share, whatever language they are written in.
 *
 * A handle belongs to the thread that made it: posting it to a worker throws, and the worker opens the region for
 * itself. One that is forgotten is closed when it is collected.
 *
 * ```js
 * const region = SharedRegion.open("pipeline", { timeout: 5000 });
 * while (region.wait(1000)) consume(region.tensor("float32").data);
 * ```
 */
export class SharedRegion implements AsyncIterable<bigint> {
  protected constructor();

  /**
   * Creates a region of `capacity` bytes, all zero and really reserved, and owns it. Reserving takes some 0.2 ms a
   * megabyte, during which nothing else runs on this thread.
   *
   * Throws `ERR_ZINC_ALREADY_EXISTS`, `ERR_ZINC_NO_SPACE` (with `needed` and `free`), `ERR_ZINC_INVALID_NAME` (1 to 128
   * of `A-Z a-z 0-9 . _ -`, not starting with a dot), `ERR_ZINC_INVALID_SIZE`, `ERR_ZINC_NOT_A_REGION`,
   * `ERR_ZINC_PERMISSION_DENIED`.
   */
  static create(name: string, capacity: number | bigint, options?: CreateOptions): OwnedRegion;

  /**
   * Creates a region of just the size for a tensor, and describes it, so that readers need to be told nothing.
   *
   * Throws what `create` throws, and `ERR_ZINC_DESCRIPTOR` for more than 8 dimensions or too many bytes.
   */
  static createTensor(
    name: string,
    dtype: DType,
    shape: number | Iterable<number>,
    options?: CreateOptions,
  ): OwnedRegion;

  /**
   * Opens a region that somebody created.
   *
   * Throws `ERR_ZINC_NOT_FOUND`, `ERR_ZINC_WRONG_OWNER` (it belongs to another user than this one or root),
   * `ERR_ZINC_PERMISSION_DENIED`, `ERR_ZINC_NOT_A_REGION`, `ERR_ZINC_VERSION_MISMATCH`, `ERR_ZINC_INVALID_NAME`.
   */
  static open(name: string, options?: OpenOptions): SharedRegion;

  /**
   * Opens a region, or creates it if there is none: whoever comes first gets an `OwnedRegion`.
   *
   * Throws what `open` and `create` throw, and `ERR_ZINC_INVALID_SIZE` if it is there and smaller than `capacity`.
   */
  static openOrCreate(
    name: string,
    capacity: number | bigint,
    options?: OpenOrCreateOptions,
  ): SharedRegion | OwnedRegion;

  readonly name: string;
  /** Bytes of data: exactly what the creator asked for. */
  readonly capacity: number;
  /** Its file. */
  readonly path: string;
  /** Sixteen random bytes, which tell two regions apart that had one name. */
  readonly id: Uint8Array;
  readonly created: Date;
  /** The creator's process id, for people to read: pids are reused. */
  readonly ownerPid: number;
  /** Whether this handle can only read the data. */
  readonly readOnly: boolean;
  /** Whether this handle was closed. */
  readonly closed: boolean;
  /** How many notifications there have been, by anyone. Throws `ERR_ZINC_CLOSED` once the handle is closed. */
  readonly sequence: bigint;
  /** The described element type, or null. Throws `ERR_ZINC_CLOSED`; `ERR_ZINC_DESCRIPTOR` if the header is damaged. */
  readonly dtype: DType | null;
  /** The described shape, or null. Throws as `dtype`. */
  readonly shape: readonly number[] | null;

  /**
   * The region's bytes: the shared memory itself, not a copy. One ArrayBuffer for each handle.
   *
   * `close()` detaches it: it and every array over it have the length 0 from then on. Bytes that were transferred to
   * another buffer before stay valid, and keep the memory.
   *
   * Throws `ERR_ZINC_CLOSED`, and `ERR_ZINC_UNSUPPORTED` where the runtime makes no ArrayBuffer over outside memory
   * (Electron), or none of this size (Node 20: 4 GiB).
   */
  readonly buffer: ArrayBuffer;

  /**
   * The described elements, in place, as the typed array of their type. With `dtype`, the description must agree.
   *
   * Throws `ERR_ZINC_DESCRIPTOR` if the region is described otherwise or not at all, `ERR_ZINC_UNSUPPORTED` for float16
   * in a runtime without Float16Array (before Node 24), `ERR_ZINC_CLOSED`, and what `buffer` throws.
   */
  tensor(): Tensor;
  tensor<D extends DType>(dtype: D): Tensor<D>;

  /**
   * Says that there is something new to see: sequence + 1, and everybody who waits wakes up, but not this handle's own
   * waits. All that was written before is visible to whoever sees the notification. Never blocks.
   *
   * Throws `ERR_ZINC_CLOSED`, and `ERR_ZINC_PERMISSION_DENIED` if this user may only read the region's file.
   */
  notify(): void;

  /**
   * Waits for a notification that this handle has not seen; false if none came in time. **Nothing else runs on this
   * thread meanwhile**; `waitAsync` is for event loops. It looks for up to 50 µs, then sleeps in the kernel.
   *
   * Returns at once if there is one already, also from before the region was opened; several may arrive as one.
   * A worker that is terminated while it waits ends within a second.
   *
   * Throws `ERR_ZINC_CLOSED` when the owner closes the region, or the handle is closed; `ERR_ZINC_OWNER_DIED` within a
   * second of the owner's death.
   */
  wait(timeout?: Timeout): boolean;

  /**
   * Waits until the sequence is greater than `sequence`, for callers that keep count themselves; the sequence reached,
   * or null if the time is up. Counts this handle's own notifications too, and leaves what `wait` has seen alone.
   *
   * Throws what `wait` throws.
   */
  waitPast(sequence: number | bigint, timeout?: Timeout): bigint | null;

  /**
   * `wait` as a promise. It takes no thread, of the runtime's pool or its own, and no timer: one thread of Zinc's waits
   * for up to 127 regions. All pending waits of a handle end with the same notification.
   *
   * A pending wait keeps the process alive, unless the handle is `unref`ed. It is rejected at once when the handle is
   * closed or interrupted, or the signal is aborted; an aborted wait has taken no notification.
   */
  waitAsync(options?: WaitOptions): Promise<boolean>;

  /** Each notification, as the sequence reached. The loop ends when the region or the handle is closed. */
  [Symbol.asyncIterator](): AsyncGenerator<bigint, void, void>;

  /** Lets pending waits of this handle keep the process alive again, as they do by default. */
  ref(): this;

  /** Lets the process end while asynchronous waits of this handle are pending. */
  unref(): this;

  /** Rejects the asynchronous waits in progress on this handle with `ERR_ZINC_INTERRUPTED`. */
  interrupt(): void;

  /**
   * Closes this handle. Its waits end with `ERR_ZINC_CLOSED`, `buffer` is detached, and anything else afterwards throws
   * `ERR_ZINC_CLOSED`. Closing twice is fine. The owner's close also takes the name away and ends the region for
   * everyone, unless it is persistent.
   */
  close(): void;

  /** `close()`, for `using`. */
  [Symbol.dispose](): void;
}

/**
 * A region that this process created: it can also be unlinked, persisted and described.
 *
 * When it is closed or collected, or its thread or process ends, the name goes, the region is closed for everyone, and
 * whoever waits gets `ERR_ZINC_CLOSED`.
 */
export class OwnedRegion extends SharedRegion {
  /** Takes the name away now. The region goes on for all who have it open. Throws `ERR_ZINC_CLOSED`. */
  unlink(): void;

  /** Lets the region outlive its owner: it stays until `remove(name)` or this handle's `unlink`. */
  persist(): void;

  /**
   * Says what the data is, from its first byte on, row-major; peers see it at once.
   *
   * Throws `ERR_ZINC_DESCRIPTOR` if it does not fit, `ERR_ZINC_CLOSED`.
   */
  describe(dtype: DType, shape: number | Iterable<number>): void;
}

/** The regions in a directory that this user may read, by name. */
export function list(options?: Place): RegionInfo[];

/**
 * Removes a persistent region, or what a dead owner left. Views of it stay valid; whoever waits gets
 * `ERR_ZINC_CLOSED`.
 *
 * Throws `ERR_ZINC_NOT_FOUND`, and `ERR_ZINC_PERMISSION_DENIED` if its owner is alive or this user may not.
 */
export function remove(name: string, options?: Place): void;

/** This library's release, such as `"0.1.0"`. */
export const version: string;
