/** Sends what waits in the outbox, one at a time: a message that must be tried again is not overtaken by the next. */

import { contentOf } from "./outbox.js";
import { RETRYABLE } from "./protocol.js";

/** @typedef {import("./outbox.js").Pending} Pending */
/** @typedef {import("./protocol.js").ChatError} ChatError */
/** @typedef {import("./protocol.js").Message} Message */

const MAX_FAULTS = 5; // `internal` answers to one message before a person has to decide

/** @param {number} seconds */
const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

export class Delivery {
  #outbox;
  #connection;
  #onStored;
  #onRefused;
  #faults = 0;
  #running = false;

  /**
   * @param {import("./outbox.js").Outbox} outbox
   * @param {import("./connection.js").Connection} connection
   * @param {{onStored: (message: Message) => void, onRefused: () => void}} options
   */
  constructor(outbox, connection, { onStored, onRefused }) {
    this.#outbox = outbox;
    this.#connection = connection;
    this.#onStored = onStored;
    this.#onRefused = onRefused;
  }

  /** Goes on until nothing waits or there is no connection; called while it runs, it does nothing. */
  async run() {
    if (this.#running) return;
    this.#running = true;
    try {
      for (let item; this.#connection.isOnline && (item = this.#outbox.items.find((each) => !each.error));) {
        await this.#deliver(item);
      }
    } finally {
      this.#running = false;
    }
  }

  /** One try; afterwards the message is stored, refused, or still waiting for the next try. @param {Pending} item */
  async #deliver(item) {
    /** @type {Message} */ let stored;
    try {
      stored = await this.#connection.request("message", contentOf(item));
    } catch (caught) {
      const error = /** @type {ChatError} */ (caught);
      this.#faults = error.code === "internal" ? this.#faults + 1 : 0;
      if (error.code === "unauthorized") return this.#connection.refuse(error);
      if (RETRYABLE.has(error.code) && this.#faults < MAX_FAULTS) {
        return this.#connection.isOnline ? sleep(error.retry_after ?? 1) : undefined;
      }
      this.#faults = 0;
      item.error = error;
      this.#outbox.forget(item.client_id);
      this.#onRefused();
      return;
    }
    this.#faults = 0;
    this.#outbox.remove(item.client_id);
    this.#onStored(stored);
  }
}
