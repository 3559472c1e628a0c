/** Messages that the server has not acked yet; they survive a reload of the page. */

/** @typedef {import("./protocol.js").ErrorObject} ErrorObject */
/**
 * @typedef {object} Pending a message that is not acked yet
 * @property {string} client_id
 * @property {string} message
 * @property {number} [reply_to]
 * @property {number[]} [attachment_ids]
 * @property {number[]} [mention_ids]
 * @property {Preview} [preview]
 * @property {number} queued_at milliseconds, strictly rising: the order of sending
 * @property {ErrorObject} [error] set when the server refused it for good: `retry` or `discard` it
 */
/**
 * @typedef {{quote?: import("./protocol.js").Quote, attachments?: import("./protocol.js").Attachment[]}} Preview
 *   what a page shows of `reply_to` and `attachment_ids` until the stored message comes; never sent
 */
/** @typedef {Pick<Storage, "length" | "key" | "getItem" | "setItem" | "removeItem">} KeyValueStore */

/** A fresh random id; `crypto.randomUUID` exists only on https and localhost. */
export function newClientId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What is sent of it. @param {Pending} item @returns {Omit<Pending, "queued_at" | "preview" | "error">} */
export function contentOf({ queued_at, preview, error, ...content }) {
  return content;
}

/** Unacked messages in order. One storage key a message: two tabs with the same room don't overwrite each other. */
export class Outbox {
  /** @type {Pending[]} */ items = [];
  #prefix;
  #storage;

  /** @param {string} prefix @param {KeyValueStore | null} storage */
  constructor(prefix, storage) {
    this.#prefix = prefix;
    this.#storage = storage;
    for (let index = 0; storage && index < storage.length; index++) {
      const key = storage.key(index) ?? "";
      if (key.startsWith(prefix)) this.items.push(JSON.parse(storage.getItem(key) ?? "null"));
    }
    this.items = this.items.filter(Boolean).sort((a, b) => a.queued_at - b.queued_at);
  }

  /** @param {Omit<Pending, "queued_at">} content @returns {Pending} */
  add(content) {
    const queued_at = Math.max(Date.now(), (this.items.at(-1)?.queued_at ?? 0) + 1);
    const item = { ...content, queued_at };
    this.items.push(item);
    try {
      this.#storage?.setItem(this.#prefix + item.client_id, JSON.stringify(item));
    } catch {
      // Storage is full or forbidden: the message still goes out, it only doesn't survive a reload.
    }
    return item;
  }

  /** @param {string | null} client_id */
  remove(client_id) {
    this.forget(client_id);
    this.items = this.items.filter((item) => item.client_id !== client_id);
  }

  /** Drops it from storage but keeps showing it. @param {string | null} client_id */
  forget(client_id) {
    if (client_id) this.#storage?.removeItem(this.#prefix + client_id);
  }
}

/** @returns {KeyValueStore | null} */
export function defaultStorage() {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null; // a browser that forbids storage throws on the mere look
  }
}
