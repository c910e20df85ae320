// Actions for when a signal is aborted. Each signal has one listener, however many waits use it.
"use strict";

/** The actions of each signal that a wait uses. */
const listening = new WeakMap();

function onAbort(signal, action) {
  let entry = listening.get(signal);
  if (entry === undefined) {
    const actions = new Set();
    const fire = () => {
      listening.delete(signal);
      for (const each of [...actions]) each();
    };
    entry = { actions, fire };
    listening.set(signal, entry);
    signal.addEventListener("abort", fire, { once: true });
  }
  entry.actions.add(action);
}

function offAbort(signal, action) {
  const entry = listening.get(signal);
  if (entry === undefined || !entry.actions.delete(action) || entry.actions.size > 0) return;
  listening.delete(signal);
  signal.removeEventListener("abort", entry.fire);
}

module.exports = { offAbort, onAbort };
