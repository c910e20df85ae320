// `SharedRegion` and `OwnedRegion`: handles on regions, over what the addon gives.
"use strict";

const native = require("./native.cjs");
const { call, failed } = require("./errors.cjs");
const check = require("./arguments.cjs");
const { tensor } = require("./tensor.cjs");
const { Waits } = require("./waits.cjs");

/** Who may make objects of these classes. */
const OURS = Symbol("zinc");

/** The addon's region of a handle of these classes. */
let handleOf;

class SharedRegion {
  #handle;
  #notify;
  #wait;
  #buffer;
  #info;
  #waits;

  constructor(maker, handle) {
    if (maker !== OURS) throw new TypeError("SharedRegion.create and SharedRegion.open give regions; new does not");
    this.#handle = handle;
    // Functions of this region: what a method would have to pass, they know.
    this.#notify = native.notify(handle);
    this.#wait = native.wait(handle);
    // What posts an object to another thread copies its enumerable properties, and would make an empty one of this.
    Object.defineProperty(this, "handle", UNCLONEABLE);
  }

  static {
    handleOf = (region) => region.#handle;
  }

  static create(name, capacity, options) {
    check.text(name, "a name");
    const size = check.whole(capacity, "a capacity");
    return new OwnedRegion(OURS, call(native.create, name, size, check.options(options)));
  }

  static createTensor(name, dtype, shape, options) {
    check.text(name, "a name");
    const lengths = check.shape(shape);
    return new OwnedRegion(OURS, call(native.createTensor, name, check.dtype(dtype), lengths, check.options(options)));
  }

  static open(name, options) {
    check.text(name, "a name");
    return new SharedRegion(OURS, call(native.open, name, check.options(options)));
  }

  static openOrCreate(name, capacity, options) {
    check.text(name, "a name");
    const size = check.whole(capacity, "a capacity");
    const handle = call(native.openOrCreate, name, size, check.options(options));
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
    return this.#buffer ??= call(native.buffer, this.#handle);
  }

  tensor(dtype) {
    const name = dtype === undefined ? undefined : check.dtype(dtype);
    return tensor(this, call(native.tensor, this.#handle, name));
  }

  notify() {
    try {
      this.#notify();
    } catch (failure) {
      throw failed(failure);
    }
  }

  wait(timeout) {
    const ms = check.milliseconds(timeout);
    try {
      return this.#wait(ms);
    } catch (failure) {
      throw failed(failure);
    }
  }

  waitPast(sequence, timeout) {
    return call(native.waitPast, this.#handle, check.sequence(sequence), check.milliseconds(timeout)) ?? null;
  }

  waitAsync({ ms, signal } = {}) {
    return (this.#waits ??= new Waits(this, this.#handle)).start(ms, signal);
  }

  async *[Symbol.asyncIterator]() {
    try {
      for (;;) {
        await this.waitAsync();
        yield this.sequence;
      }
    } catch (error) {
      if (error.code !== "ERR_ZINC_CLOSED") throw error;
    }
  }

  ref() {
    (this.#waits ??= new Waits(this, this.#handle)).keepAlive(true);
    return this;
  }

  unref() {
    (this.#waits ??= new Waits(this, this.#handle)).keepAlive(false);
    return this;
  }

  interrupt() {
    native.interrupt(this.#handle);
  }

  close() {
    const buffer = this.#buffer;
    this.#buffer = undefined;
    try {
      call(native.close, this.#handle);
    } finally {
      if (buffer !== undefined) native.detach(buffer);
    }
  }

  [Symbol.dispose]() {
    this.close();
  }

  toString() {
    const described = this.closed ? null : call(native.descriptor, this.#handle);
    const parts = [`${this.capacity} bytes`];
    if (described) parts.push(`${described.dtype} [${described.shape}]`);
    if (this.readOnly) parts.push("read-only");
    if (this.closed) parts.push("closed");
    return `${this.constructor.name} ${JSON.stringify(this.name)}: ${parts.join(", ")}`;
  }

  [Symbol.for("nodejs.util.inspect.custom")]() {
    return `<${this}>`;
  }

  [Symbol.for("Deno.customInspect")]() {
    return `<${this}>`;
  }
}

class OwnedRegion extends SharedRegion {
  unlink() {
    call(native.unlink, handleOf(this));
  }

  persist() {
    call(native.persist, handleOf(this));
  }

  describe(dtype, shape) {
    call(native.describe, handleOf(this), check.dtype(dtype), check.shape(shape));
  }
}

const UNCLONEABLE = {
  enumerable: true,
  get() {
    throw new TypeError("a region cannot be posted to another thread; open it there by its name");
  },
};

module.exports = { OwnedRegion, SharedRegion };
