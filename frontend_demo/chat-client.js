/**
 * One chat room over Socket.IO, for browsers and Node: copy it with outbox.js, timeline.js and protocol.js.
 *
 * It keeps the position in the room's log and reconnects with it, puts changes in order and drops what it
 * has already seen, and keeps unsent messages (also over a reload) until the server has acked them: a message is
 * sent again with the same `client_id`, so it is stored once however often the network fails.
 *
 *     const room = new RoomClient({ io, slug: "tea-x7k2p", token, user });
 *     room.on("change", () => render(room.messages, room.pending));
 *     room.on("state", ({ status, error }) => show(status, error));
 *     room.connect();
 *     room.send("hello");
 */

import { ChatError, FINAL_BYES, RETRYABLE } from "./protocol.js";
import { defaultStorage, newClientId, Outbox } from "./outbox.js";
import { Timeline } from "./timeline.js";

/** @typedef {import("./protocol.js").ErrorObject} ErrorObject */
/** @typedef {import("./protocol.js").Message} Message */
/** @typedef {import("./protocol.js").User} User */
/** @typedef {import("./outbox.js").KeyValueStore} KeyValueStore */
/** @typedef {import("./outbox.js").Pending} Pending */
/** @typedef {"idle" | "connecting" | "online" | "offline" | "refused" | "closed"} Status */

const ACK_TIMEOUT = 10_000; // milliseconds
const TYPING_INTERVAL = 2_500; // milliseconds between two "still typing"
const LONGEST_BACKOFF = 30; // seconds
const MAX_FAULTS = 5; // `internal` answers to one message before a person has to decide
const PAGE = 50;

/** @param {number} seconds */
const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/**
 * A connection to one room. Events: `change` (messages or pending), `state` `{status, error}`, and as the server says
 * them `typing` `{user_id, typing}`, `read` `{user_id, seq}`, `presence` `{joined, left, online}`,
 * `room` `{slug, name, kind}`.
 */
export class RoomClient {
  /** @type {Status} */ status = "idle";
  /** Why the server refused, with status `refused`. @type {ErrorObject | undefined} */ error;
  /** The last change applied; null before the first sync. @type {number | null} */ position = null;
  hasMore = false;
  online = 0;
  #timeline = new Timeline();
  /** @type {Map<string, Set<Function>>} */ #listeners = new Map();
  /** @type {any} */ #socket = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  #attempts = 0;
  #faults = 0;
  #flushing = false;
  #typedAt = 0;
  #readSeq = 0;
  #options;
  #outbox;

  /**
   * @param {object} options
   * @param {Function} options.io `io` of socket.io-client
   * @param {string} options.slug
   * @param {string} options.token
   * @param {User} options.user me
   * @param {string} [options.url] origin of the server; default: the page's own
   * @param {KeyValueStore | null} [options.storage] where unsent messages wait; default: localStorage, if any
   * @param {object} [options.socket] further options for `io`
   */
  constructor(options) {
    this.#options = options;
    const storage = options.storage === undefined ? defaultStorage() : options.storage;
    this.#outbox = new Outbox(`chat-outbox:${options.user.id}:${options.slug}:`, storage);
  }

  /** The held messages in the order of the room. */
  get messages() {
    return this.#timeline.messages;
  }

  /** Messages of mine that are on their way or were refused (`error`). @returns {readonly Pending[]} */
  get pending() {
    return this.#outbox.items;
  }

  /** @param {string} event @param {Function} listener @returns {() => void} takes the listener off again */
  on(event, listener) {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  connect() {
    const { io, url = "", slug, token, socket: more } = this.#options;
    const socket = io(`${url}/${slug}`, {
      // With several workers on one port only WebSocket works; polling is for networks that block it.
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      ...more,
      autoConnect: false,
      // A function, so that every reconnect says the newest position.
      auth: (/** @type {(auth: object) => void} */ reply) =>
        reply(this.position === null ? { token } : { token, since: this.position }),
    });
    this.#socket = socket;
    socket.on("sync", (/** @type {any} */ sync) => this.#onSync(sync));
    socket.on("message", (/** @type {Message} */ message) => this.#onChange(message));
    socket.on("message_updated", (/** @type {Message} */ message) => this.#onChange(message));
    socket.on("presence", (/** @type {{online: number}} */ { online }) => (this.online = online));
    for (const event of ["typing", "read", "presence", "room"]) {
      socket.on(event, (/** @type {object} */ payload) => this.#emit(event, payload));
    }
    /** Seconds the server asked us to stay away, once it said `bye`. @type {number | null} */
    let pause = null;
    socket.on("bye", (/** @type {{code: string, retry_after?: number}} */ { code, retry_after }) => {
      pause = retry_after ?? 0;
      if (FINAL_BYES[code]) this.#refuse(FINAL_BYES[code]);
    });
    socket.on("disconnect", () => {
      if (this.status === "refused" || this.status === "closed") return;
      this.#setState("offline");
      if (pause === null && socket.active) return; // Socket.IO comes back by itself
      socket.disconnect();
      this.#reconnect(pause ?? 0);
      pause = null;
    });
    socket.on("connect_error", (/** @type {Error & {data?: ErrorObject}} */ { message, data }) => {
      const error = data?.code ? data : { code: "unavailable", message };
      if (!socket.active && !RETRYABLE.has(error.code)) return this.#refuse(error);
      this.#setState("offline");
      if (!socket.active) this.#reconnect(error.retry_after);
    });
    this.#setState("connecting");
    socket.connect();
  }

  /** Ends the connection; unsent messages stay in storage for the next time. */
  close() {
    this.#stop("closed");
  }

  /** Queues a message; it goes out now or as soon as there is a connection. @param {string} message
   * @param {{reply_to?: number, attachment_ids?: number[]}} [more] @returns {Pending} */
  send(message, more = {}) {
    const item = this.#outbox.add({ client_id: newClientId(), message: message.trim(), ...more });
    this.#emit("change");
    this.#flush();
    return item;
  }

  /** Queues a refused message again, at the end. @param {string} client_id */
  retry(client_id) {
    const item = this.pending.find((each) => each.client_id === client_id && each.error);
    if (!item) return;
    const { error, queued_at, ...content } = item;
    this.#outbox.remove(client_id);
    // An earlier try may have been stored after all, so the id stays, unless it is the id that was refused.
    this.#outbox.add(error?.code === "conflict" ? { ...content, client_id: newClientId() } : content);
    this.#emit("change");
    this.#flush();
  }

  /** @param {string} client_id */
  discard(client_id) {
    this.#outbox.remove(client_id);
    this.#emit("change");
  }

  /** Loads the page before the oldest held message. @returns {Promise<void>} */
  async loadOlder() {
    const page = await this.#timeline.extend((before) => this.history({ before, limit: PAGE }));
    if (!page) return;
    this.hasMore = page.has_more;
    this.#emit("change");
  }

  /** @param {{before?: number, after?: number, limit?: number}} where
   * @returns {Promise<{items: Message[], has_more: boolean}>} a page, oldest first; nothing is kept */
  history(where) {
    return this.#request("history", where);
  }

  /** @param {number} id @param {string} message */
  async edit(id, message) {
    this.#take(await this.#request("edit", { id, message: message.trim() }));
  }

  /** @param {number} id */
  async delete(id) {
    this.#take(await this.#request("delete", { id }));
  }

  /** Puts my emoji on a message, or takes it off again. @param {number} id @param {string} emoji @param {boolean} on */
  async react(id, emoji, on) {
    this.#take(await this.#request(on ? "react" : "unreact", { id, emoji }));
  }

  /** Moves my read mark forward. @param {number} seq */
  async read(seq) {
    if (seq <= this.#readSeq || this.status !== "online") return;
    const before = this.#readSeq;
    this.#readSeq = seq;
    await this.#request("read", { seq }).catch(() => (this.#readSeq = before)); // the next call tries again
  }

  /** Call it at every keystroke: it sends no more than needed. @param {boolean} typing */
  typing(typing) {
    const due = typing ? Date.now() - this.#typedAt >= TYPING_INTERVAL : this.#typedAt > 0;
    if (!due || this.status !== "online") return;
    this.#typedAt = typing ? Date.now() : 0;
    this.#socket.volatile.emit("typing", { typing });
  }

  /** @param {{seq: number, recovered: boolean, messages: Message[], has_more: boolean, online: number}} sync */
  #onSync({ seq, recovered, messages, has_more, online }) {
    if (!recovered) {
      this.#timeline.reset(messages);
      this.hasMore = has_more;
    }
    for (const message of messages) this.#take(message);
    this.position = seq;
    this.online = online;
    this.#attempts = 0;
    this.#typedAt = 0;
    this.#setState("online");
    this.#emit("change");
    this.#flush();
  }

  /** @param {Message} message */
  #onChange(message) {
    if (this.position === null || message.updated_seq <= this.position) return;
    this.position = message.updated_seq;
    this.#take(message);
  }

  /** Takes a message's state from a change or an ack. An ack moves no position: changes before it may still come.
   * @param {Message} message */
  #take(message) {
    if (message.sender.id === this.#options.user.id) this.#outbox.remove(message.client_id);
    this.#timeline.take(message);
    this.#emit("change");
  }

  /** Sends what waits, one at a time: a message that must be tried again is not overtaken by the next. */
  async #flush() {
    if (this.#flushing) return;
    this.#flushing = true;
    try {
      for (let item; this.status === "online" && (item = this.pending.find((each) => !each.error));) {
        await this.#deliver(item);
      }
    } finally {
      this.#flushing = false;
    }
  }

  /** One try; afterwards the message is stored, refused, or still waiting for the next try. @param {Pending} item */
  async #deliver(item) {
    const { queued_at, ...content } = item;
    /** @type {Message} */ let stored;
    try {
      stored = await this.#request("message", content);
    } catch (caught) {
      const error = /** @type {ChatError} */ (caught);
      this.#faults = error.code === "internal" ? this.#faults + 1 : 0;
      if (error.code === "unauthorized") return this.#refuse(error);
      if (RETRYABLE.has(error.code) && this.#faults < MAX_FAULTS) {
        return this.status === "online" ? sleep(error.retry_after ?? 1) : undefined;
      }
      this.#faults = 0;
      item.error = error;
      this.#outbox.forget(item.client_id);
      this.#emit("change");
      return;
    }
    this.#faults = 0;
    this.#outbox.remove(item.client_id);
    this.#take(stored);
  }

  /** @param {string} event @param {object} payload @returns {Promise<any>} the ack's data; throws `ChatError` */
  async #request(event, payload) {
    if (this.status !== "online") throw new ChatError({ code: "unavailable", message: "Not connected." });
    const reply = await this.#socket
      .timeout(ACK_TIMEOUT)
      .emitWithAck(event, payload)
      .catch(() => ({ error: { code: "unavailable", message: "The server did not answer." } }));
    if (!reply.ok) throw new ChatError(reply.error);
    return reply.data;
  }

  /** @param {number} [pause] seconds the server asked for */
  #reconnect(pause = 0) {
    const backoff = Math.min(2 ** this.#attempts++, LONGEST_BACKOFF) * (0.5 + Math.random() / 2);
    this.#timer = setTimeout(() => this.#socket.connect(), Math.max(pause, backoff) * 1000);
  }

  /** @param {ErrorObject} error */
  #refuse(error) {
    this.#stop("refused", error);
  }

  /** @param {Status} status @param {ErrorObject} [error] */
  #stop(status, error) {
    clearTimeout(this.#timer);
    this.#setState(status, error);
    this.#socket?.disconnect();
  }

  /** @param {Status} status @param {ErrorObject} [error] */
  #setState(status, error) {
    this.status = status;
    this.error = error;
    this.#emit("state", { status, error });
  }

  /** @param {string} event @param {object} [payload] */
  #emit(event, payload) {
    for (const listener of this.#listeners.get(event) ?? []) listener(payload);
  }
}
