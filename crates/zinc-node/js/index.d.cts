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

/**
 * How long to wait, the same for every call: milliseconds from 0 on, also fractions, or a `Temporal.Duration`. 0 looks
 * once, and so does a duration below zero. `Infinity` is for ever. Without one, the call's own default holds. Anything
 * else (`null`, `NaN`, a negative number, a string) is `ERR_ZINC_INVALID_ARGUMENT`.
 */
export type Timeout = number | Duration | undefined;

/** How long to wait, and what ends the wait before. */
export interface WaitOptions extends SignalOptions {
  /** How long to wait. Default: for ever. */
  timeout?: Timeout;
}

/** What can be aborted. */
export interface SignalOptions {
  /**
   * Ends it at once: the promise is rejected with the signal's reason. Any number of waits share one listener of a
   * signal. A call that keeps the thread (`wait`, `waitPast`) looks at it only before it begins.
   */
  signal?: AbortSignal | undefined;
}

/** The options of `openAsync`. */
export interface OpenAsyncOptions extends OpenOptions, SignalOptions {}

/**
 * The elements of a described region, in place. Without a type argument it is one of all element types, which `dtype`
 * tells apart: after `tensor.dtype === "float32"`, `tensor.data` is a `Float32Array`.
 */
export type Tensor<D extends DType = DType> = D extends DType ? TensorOf<D> : never;

/** The elements of a region that is described with one element type. */
export interface TensorOf<D extends DType> {
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

/** The notifications of a region, one after the other, as the sequence reached. */
export interface Notifications extends AsyncIterableIterator<bigint> {
  next(): Promise<IteratorResult<bigint, undefined>>;
  /** Ends the iteration at once, and a `next()` that waits: it gets `{ done: true }` and takes no notification. */
  return(value?: unknown): Promise<IteratorReturnResult<unknown>>;
  [Symbol.asyncIterator](): this;
  /** `return()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Named memory that processes on one machine share, whatever language they are written in.
 *
 * A handle belongs to the thread that made it: posting it to a worker throws, and the worker opens the region for
 * itself. A handle that is forgotten is closed when it is collected, but not before its `buffer`, its views and the
 * arrays over them are: whoever has the bytes of an owner keeps the region. An explicit `close()` closes at once.
 *
 * Every call throws `ERR_ZINC_INVALID_ARGUMENT` for an argument or an option that means nothing, also for an unknown
 * option; the message names it. `JSON.stringify` takes a handle: it has the name, the path, the capacity, the
 * description, and whether it is read-only or closed.
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
   * Opens a region that somebody created. It waits for one that does not exist yet for as long as `timeout` says, by
   * default not at all. **Nothing else runs on this thread meanwhile**; `openAsync` is for event loops.
   *
   * Throws `ERR_ZINC_NOT_FOUND`, `ERR_ZINC_WRONG_OWNER` (it belongs to another user than this one or root),
   * `ERR_ZINC_PERMISSION_DENIED`, `ERR_ZINC_NOT_A_REGION`, `ERR_ZINC_VERSION_MISMATCH`, `ERR_ZINC_INVALID_NAME`.
   */
  static open(name: string, options?: OpenOptions): SharedRegion;

  /**
   * `open` as a promise, which waits for the region to appear without keeping the thread. It keeps the process alive
   * until it is settled. An abort of the signal rejects it at once, with the signal's reason, and nothing stays open.
   *
   * Rejects with what `open` throws.
   *
   * ```js
   * const region = await SharedRegion.openAsync("pipeline", { timeout: 5000, signal });
   * ```
   */
  static openAsync(name: string, options?: OpenAsyncOptions): Promise<SharedRegion>;

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
   * It and every array over it keep the handle open, and so the region of an owner alive, for as long as they are used.
   * `close()` detaches it: it and every array over it have the length 0 from then on. Bytes that were transferred to
   * another buffer before stay valid, and keep the memory.
   *
   * Throws `ERR_ZINC_CLOSED`, and `ERR_ZINC_UNSUPPORTED` where the runtime makes no ArrayBuffer over outside memory
   * (Electron: use `read` and `write`), or none of this size (Node 20 and Bun: 4 GiB; use `view`).
   */
  readonly buffer: ArrayBuffer;

  /**
   * A part of the region's bytes, by default from `offset` to the end: the shared memory itself, as an ArrayBuffer of its
   * own for each call. It reaches what lies beyond the largest ArrayBuffer of the runtime. All else is as with `buffer`.
   *
   * Throws what `buffer` throws, and `ERR_ZINC_INVALID_ARGUMENT` past the region's end.
   */
  view(offset?: number | bigint, length?: number | bigint): ArrayBuffer;

  /**
   * A copy of `length` bytes from `offset` on, by default of all up to the end. Works in every runtime. Whoever writes
   * meanwhile may make a mixture of it.
   *
   * Throws `ERR_ZINC_CLOSED`, and `ERR_ZINC_INVALID_ARGUMENT` past the region's end.
   */
  read(offset?: number | bigint, length?: number | bigint): Uint8Array;
  /** Copies bytes from `offset` on into `target`, which it fills and returns. */
  read<T extends ArrayBufferView | ArrayBufferLike>(offset: number | bigint, target: T): T;

  /**
   * Copies all bytes of `data` into the region, from `offset` on. Works in every runtime, and notifies nobody.
   *
   * Throws `ERR_ZINC_CLOSED`, `ERR_ZINC_PERMISSION_DENIED` if the handle is read-only, and `ERR_ZINC_INVALID_ARGUMENT`
   * past the region's end.
   */
  write(offset: number | bigint, data: ArrayBufferView | ArrayBufferLike): void;

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
  wait(timeout?: Timeout | WaitOptions): boolean;

  /**
   * Waits until the sequence is greater than `sequence`, for callers that keep count themselves; the sequence reached,
   * or null if the time is up. Counts this handle's own notifications too, and leaves what `wait` has seen alone.
   *
   * Throws what `wait` throws.
   */
  waitPast(sequence: number | bigint, timeout?: Timeout | WaitOptions): bigint | null;

  /**
   * `wait` as a promise. It takes no thread, of the runtime's pool or its own, and no timer: one thread of Zinc's waits
   * for up to 127 regions. All pending waits of a handle end with the same notification.
   *
   * A pending wait keeps the process alive, unless the handle is `unref`ed. It is rejected at once when the handle is
   * closed or interrupted, or the signal is aborted; an aborted wait has taken no notification. The stack of an error is
   * that of the call.
   *
   * ```js
   * if (await region.waitAsync({ timeout: 1000, signal })) consume(region.buffer);
   * ```
   */
  waitAsync(timeout?: Timeout | WaitOptions): Promise<boolean>;

  /** `waitPast` as a promise. All else is as with `waitAsync`. */
  waitPastAsync(sequence: number | bigint, timeout?: Timeout | WaitOptions): Promise<bigint | null>;

  /**
   * Each notification, as the sequence reached; several may arrive as one. The loop ends when the region or the handle is
   * closed. An abort of the signal rejects it with the signal's reason; `interrupt` and the owner's death reject it, too.
   *
   * ```js
   * for await (const sequence of region.notifications({ signal })) consume(region.buffer);
   * ```
   */
  notifications(options?: SignalOptions): Notifications;

  /** `notifications()`, for `for await (const sequence of region)`. */
  [Symbol.asyncIterator](): Notifications;

  /** Lets pending waits of this handle keep the process alive again, as they do by default. */
  ref(): this;

  /** Lets the process end while asynchronous waits of this handle are pending. */
  unref(): this;

  /** Rejects the asynchronous waits in progress on this handle with `ERR_ZINC_INTERRUPTED`. */
  interrupt(): void;

  /**
   * A handle of its own on the same memory, which has seen what this one has. A notification through one of them wakes
   * the waits of the other, and each is closed by itself. The clone of an owner is no owner.
   *
   * Throws `ERR_ZINC_CLOSED`.
   */
  clone(): SharedRegion;

  /**
   * Closes this handle. Its waits end with `ERR_ZINC_CLOSED`, `buffer` and all views are detached, and anything else afterwards throws
   * `ERR_ZINC_CLOSED`. Closing twice is fine. The owner's close also takes the name away and ends the region for
   * everyone, unless it is persistent.
   */
  close(): void;

  /** `close()`, for `using`. */
  [Symbol.dispose](): void;

  /** What `JSON.stringify` makes of the handle, whether it is open or closed. */
  toJSON(): {
    name: string;
    path: string;
    capacity: number;
    /** What it is described as; null if it is not, or the handle is closed. */
    dtype: DType | null;
    shape: readonly number[] | null;
    readOnly: boolean;
    closed: boolean;
  };
}

/**
 * A region that this process created: it can also be linked, unlinked, persisted and described.
 *
 * When it is closed or collected with all views of it, or its thread or process ends, the name goes, the region is closed for everyone, and
 * whoever waits gets `ERR_ZINC_CLOSED`.
 */
export class OwnedRegion extends SharedRegion {
  /**
   * Gives a region that was created with `unlinked` its name, under which others find it whole. If it has its name
   * already, this does nothing.
   *
   * Throws `ERR_ZINC_ALREADY_EXISTS` if another region has the name (try again later), `ERR_ZINC_UNSUPPORTED` if this
   * region has had its name and lost it, `ERR_ZINC_CLOSED`.
   *
   * ```js
   * const owner = SharedRegion.create("model", weights.byteLength, { unlinked: true });
   * owner.write(0, weights);
   * owner.link();
   * ```
   */
  link(): void;

  /**
   * Whether the name leads to this region at this moment. It does not before `link` and after `unlink`, and when somebody
   * has removed the file: `rm`, say, or systemd when the user's last session ends.
   *
   * Throws `ERR_ZINC_CLOSED`, and what the operating system says against it.
   */
  isNamed(): boolean;

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
