// `SharedRegion` and `OwnedRegion`: handles on regions, over what the addon returns.
"use strict";

const native = require("./native.cjs");
const { call, failed } = require("./errors.cjs");
const { Call } = require("./arguments.cjs");
const { callWithDescriptors } = require("./descriptors.cjs");
const { Notifications } = require("./notifications.cjs");
const { tensor } = require("./tensor.cjs");
const { Waits, beginOpen } = require("./waits.cjs");

/** Only a holder of this can make objects of these classes. */
const OURS = Symbol("zinc");

/** The addon's region of a handle of these classes. */
let handleOf;

class SharedRegion {
  #handle;
  #notify;
  #wait;
  #buffer;
  #views;
  #info;
  #waits;

  constructor(maker, handle) {
    if (maker !== OURS) {
      throw new TypeError("a region has no public constructor; call SharedRegion.create, open or openOrCreate");
    }
    this.#handle = handle;
    // Functions that know their region, which need not be passed with each call.
    this.#notify = native.notify(handle);
    this.#wait = native.wait(handle);
    // Posting an object to another thread copies its enumerable properties, and a symbol cannot be copied. JSON, spread
    // and comparisons take one, and no two handles compare equal.
    this.handle = Symbol("a region cannot be posted to another thread; open it there by its name");
  }

  static {
    handleOf = (region) => region.#handle;
  }

  static create(name, capacity, options) {
    const given = new Call("create", name);
    given.text(name, "name");
    const size = given.whole(capacity, "capacity");
    return new OwnedRegion(OURS, callWithDescriptors(native.create, name, size, given.options(options)));
  }

  static createTensor(name, dtype, shape, options) {
    const given = new Call("createTensor", name);
    given.text(name, "name");
    const [type, lengths, plain] = [given.dtype(dtype), given.shape(shape), given.options(options)];
    return new OwnedRegion(OURS, callWithDescriptors(native.createTensor, name, type, lengths, plain));
  }

  static open(name, options) {
    const given = new Call("open", name);
    given.text(name, "name");
    return new SharedRegion(OURS, callWithDescriptors(native.open, name, given.options(options)));
  }

  static openAsync(name, options) {
    return new Promise((resolve, reject) => {
      const given = new Call("openAsync", name);
      given.text(name, "name");
      const plain = given.options(options, ["signal"]);
      const signal = given.signal(options?.signal);
      const caller = { above: SharedRegion.openAsync };
      beginOpen(name, plain, signal, caller, (handle) => resolve(new SharedRegion(OURS, handle)), reject);
    });
  }

  static openOrCreate(name, capacity, options) {
    const given = new Call("openOrCreate", name);
    given.text(name, "name");
    const size = given.whole(capacity, "capacity");
    const handle = callWithDescriptors(native.openOrCreate, name, size, given.options(options));
    return new (native.isOwner(handle) ? OwnedRegion : SharedRegion)(OURS, handle);
  }

  #known() {
    return this.#info ??= native.info(this.#handle);
  }

  get name() {
    return this.#known().name;
  }

  get capacity() {
    return this.#known().capacity;
  }

  get path() {
    return this.#known().path;
  }

  get id() {
    return this.#known().id.slice();
  }

  get created() {
    return new Date(this.#known().created);
  }

  get ownerPid() {
    return this.#known().ownerPid;
  }

  get readOnly() {
    return native.isReadOnly(this.#handle);
  }

  get closed() {
    return native.isClosed(this.#handle);
  }

  get sequence() {
    return call(native.sequence, this.#handle);
  }

  get dtype() {
    return call(native.descriptor, this.#handle)?.dtype ?? null;
  }

  get shape() {
    return call(native.descriptor, this.#handle)?.shape ?? null;
  }

  get buffer() {
    return this.#buffer ??= call(native.buffer, this.#handle, 0, this.capacity);
  }

  view(offset = 0, length = Math.max(0, this.capacity - Number(offset))) {
    const given = new Call("view", this);
    const [from, count] = [given.whole(offset, "offset"), given.whole(length, "length")];
    const buffer = call(native.view, this.#handle, from, count);
    (this.#views ??= new Views()).add(buffer);
    return buffer;
  }

  read(offset = 0, target = Math.max(0, this.capacity - Number(offset))) {
    const given = new Call("read", this);
    const from = given.whole(offset, "offset");
    if (typeof target === "number" || typeof target === "bigint") {
      const length = given.whole(target, "length");
      // Asked before so many bytes are reserved for nothing; past the end the addon says what is wrong.
      const bytes = new Uint8Array(from + length <= this.capacity ? length : 0);
      call(native.read, this.#handle, from, bytes, length);
      return bytes;
    }
    const bytes = given.bytes(target, "target");
    call(native.read, this.#handle, from, bytes, bytes.length);
    return target;
  }

  write(offset, data) {
    const given = new Call("write", this);
    const from = given.whole(offset, "offset");
    call(native.write, this.#handle, from, given.bytes(data, "data"));
  }

  tensor(dtype) {
    const type = dtype === undefined ? undefined : new Call("tensor", this).dtype(dtype);
    return tensor(this, call(native.tensor, this.#handle, type));
  }

  notify() {
    try {
      this.#notify();
    } catch (thrown) {
      throw failed(thrown);
    }
  }

  wait(timeout) {
    const plain = typeof timeout === "number" && timeout >= 0 && timeout < Infinity;
    const ms = plain ? timeout : this.#waiting("wait", timeout);
    try {
      return this.#wait(ms);
    } catch (thrown) {
      throw failed(thrown);
    }
  }

  /** Milliseconds of a wait that keeps the thread, during which no signal can be aborted. */
  #waiting(operation, timeout) {
    const { ms, signal } = new Call(operation, this).waiting(timeout);
    signal?.throwIfAborted();
    return ms;
  }

  waitPast(sequence, timeout) {
    const past = new Call("waitPast", this).sequence(sequence);
    return call(native.waitPast, this.#handle, past, this.#waiting("waitPast", timeout)) ?? null;
  }

  #all() {
    return this.#waits ??= new Waits(this, this.#handle);
  }

  waitAsync(timeout) {
    return new Promise((resolve, reject) => {
      const { ms, signal } = new Call("waitAsync", this).waiting(timeout);
      this.#all().begin(ms, signal, { above: SharedRegion.prototype.waitAsync }, resolve, reject);
    });
  }

  waitPastAsync(sequence, timeout) {
    return new Promise((resolve, reject) => {
      const given = new Call("waitPastAsync", this);
      const past = given.sequence(sequence);
      const { ms, signal } = given.waiting(timeout);
      this.#all().beginPast(past, ms, signal, { above: SharedRegion.prototype.waitPastAsync }, resolve, reject);
    });
  }

  notifications(options = {}) {
    const given = new Call("notifications", this);
    const { signal } = given.keys(options, ["signal"]);
    return new Notifications(this, this.#all(), given.signal(signal));
  }

  [Symbol.asyncIterator]() {
    return this.notifications();
  }

  ref() {
    this.#all().keepAlive(true);
    return this;
  }

  unref() {
    this.#all().keepAlive(false);
    return this;
  }

  interrupt() {
    native.interrupt(this.#handle);
    this.#waits?.interrupt();
  }

  clone() {
    return new SharedRegion(OURS, call(native.clone, this.#handle));
  }

  close() {
    const [buffer, views] = [this.#buffer, this.#views];
    this.#buffer = this.#views = undefined;
    try {
      this.#waits?.close();
      call(native.close, this.#handle);
    } finally {
      if (buffer !== undefined) native.detach(buffer);
      views?.detach();
    }
  }

  [Symbol.dispose]() {
    this.close();
  }

  /** What it is described as: null if it is not, or closed, or its header is damaged. */
  #described() {
    try {
      return native.descriptor(this.#handle);
    } catch {
      return null;
    }
  }

  toString() {
    const described = this.#described();
    const parts = [`${this.capacity} bytes`];
    if (described) parts.push(`${described.dtype} [${described.shape}]`);
    if (this.readOnly) parts.push("read-only");
    if (this.closed) parts.push("closed");
    return `${this.constructor.name} ${JSON.stringify(this.name)}: ${parts.join(", ")}`;
  }

  toJSON() {
    const { dtype = null, shape = null } = this.#described() ?? {};
    const { name, path, capacity, readOnly, closed } = this;
    return { name, path, capacity, dtype, shape, readOnly, closed };
  }

  [Symbol.for("nodejs.util.inspect.custom")]() {
    return `<${this}>`;
  }

  [Symbol.for("Deno.customInspect")]() {
    return `<${this}>`;
  }
}

class OwnedRegion extends SharedRegion {
  link() {
    call(native.link, handleOf(this));
  }

  isNamed() {
    return call(native.isNamed, handleOf(this));
  }

  unlink() {
    call(native.unlink, handleOf(this));
  }

  persist() {
    call(native.persist, handleOf(this));
  }

  describe(dtype, shape) {
    const given = new Call("describe", this);
    call(native.describe, handleOf(this), given.dtype(dtype), given.shape(shape));
  }
}

/** The buffers of parts of a region that are still in use. */
class Views {
  #buffers = [];
  /** At how many to drop those that were collected. */
  #full = 16;

  add(buffer) {
    if (this.#buffers.length >= this.#full) {
      this.#buffers = this.#buffers.filter((weak) => weak.deref() !== undefined);
      this.#full = Math.max(16, 2 * this.#buffers.length);
    }
    this.#buffers.push(new WeakRef(buffer));
  }

  detach() {
    for (const weak of this.#buffers) {
      const buffer = weak.deref();
      if (buffer !== undefined) native.detach(buffer);
    }
  }
}

module.exports = { OwnedRegion, SharedRegion };
