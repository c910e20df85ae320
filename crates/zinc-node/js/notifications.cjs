// Each notification of a region in turn, for `for await`.
"use strict";

const OVER = { done: true, value: undefined };

/** The iterator of a region's notifications. */
class Notifications {
  #region;
  #waits;
  #signal;
  #over = false;
  /** Ends the step in progress, and the iteration with it. */
  #leave = null;
  /** The last step that was asked for, and how many wait for their turn. */
  #step = null;
  #queued = 0;

  constructor(region, waits, signal) {
    this.#region = region;
    this.#waits = waits;
    this.#signal = signal;
  }

  /** The sequence of the next notification. */
  next() {
    const caller = { above: Notifications.prototype.next };
    if (this.#leave === null && this.#queued === 0) return this.#step = this.#take(caller);
    // One at a time, as of a generator: otherwise one notification would end all.
    Error.captureStackTrace(caller, caller.above);
    this.#queued++;
    const take = () => {
      this.#queued--;
      return this.#take(caller);
    };
    return this.#step = this.#step.then(take, take);
  }

  #take(caller) {
    if (this.#over) return Promise.resolve(OVER);
    return new Promise((resolve, reject) => {
      let cancel = () => {};
      const end = (settle, outcome) => {
        this.#leave = null;
        settle(outcome);
      };
      this.#leave = () => {
        cancel();
        end(resolve, OVER);
      };
      const notified = () => {
        try {
          end(resolve, { done: false, value: this.#region.sequence });
        } catch (error) {
          refused(error);
        }
      };
      const refused = (error) => {
        this.#over = true;
        if (error?.code === "ERR_ZINC_CLOSED") end(resolve, OVER);
        else end(reject, error);
      };
      cancel = this.#waits.begin(-1, this.#signal, caller, notified, refused);
    });
  }

  /** Ends the iteration, and a step that waits, at once. */
  return(value) {
    this.#over = true;
    this.#leave?.();
    return Promise.resolve({ done: true, value });
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  async [Symbol.asyncDispose]() {
    await this.return();
  }
}

module.exports = { Notifications };
