/** Who wants to hear of what. */

export class Emitter {
  /** @type {Map<string, Set<Function>>} */ #listeners = new Map();

  /** @param {string} event @param {Function} listener @returns {() => void} takes the listener off again */
  on(event, listener) {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** @param {string} event @param {object} [payload] */
  emit(event, payload) {
    for (const listener of this.#listeners.get(event) ?? []) listener(payload);
  }
}
