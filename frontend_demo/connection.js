/** A Socket.IO connection to a room or the inbox: comes back by itself with the newest position, knows when to stay
 * away. */

import { Emitter } from "./emitter.js";
import { ChatError, FINAL_BYES, RETRYABLE } from "./protocol.js";

/** @typedef {import("./protocol.js").ErrorObject} ErrorObject */
/** @typedef {"idle" | "connecting" | "online" | "offline" | "refused" | "closed"} Status */

const ACK_TIMEOUT = 10_000; // milliseconds
const LONGEST_BACKOFF = 30; // seconds
const ROOM_EVENTS = ["sync", "message", "message_updated", "typing", "read", "presence", "room", "member"];
const INBOX_EVENTS = ["inbox", "room_activity", "room_added", "room_removed"];
const EVENTS = [...ROOM_EVENTS, ...INBOX_EVENTS];

/** Events: `state` `{status, error}`, and whatever the server says, by its name. */
export class Connection extends Emitter {
  /** @type {Status} */ status = "idle";
  /** Why the server refused, with status `refused`. @type {ErrorObject | undefined} */ error;
  /** @type {any} */ #socket = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  #attempts = 0;
  #options;

  /**
   * @param {object} options
   * @param {Function} options.io `io` of socket.io-client
   * @param {string} options.slug the room's; empty for the inbox
   * @param {string} options.token
   * @param {() => number | null} options.position the last change applied; null for the inbox
   * @param {string} [options.url] origin of the server; default: the page's own
   * @param {object} [options.socket] further options for `io`
   */
  constructor(options) {
    super();
    this.#options = options;
  }

  get isOnline() {
    return this.status === "online";
  }

  open() {
    const { io, url = "", slug, token, position, socket: more } = this.#options;
    const socket = io(`${url}/${slug}`, {
      // With several workers on one port only WebSocket works; polling is for networks that block it.
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      ...more,
      autoConnect: false,
      // A function, so that every reconnect says the newest position.
      auth: (/** @type {(auth: object) => void} */ reply) =>
        reply(position() === null ? { token } : { token, since: position() }),
    });
    this.#socket = socket;
    for (const event of EVENTS) socket.on(event, (/** @type {object} */ payload) => this.emit(event, payload));
    /** Seconds the server asked us to stay away, once it said `bye`. @type {number | null} */
    let pause = null;
    socket.on("bye", (/** @type {{code: string, retry_after?: number}} */ { code, retry_after }) => {
      pause = retry_after ?? 0;
      if (FINAL_BYES[code]) this.refuse(FINAL_BYES[code]);
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
      if (!socket.active && !RETRYABLE.has(error.code)) return this.refuse(error);
      this.#setState("offline");
      if (!socket.active) this.#reconnect(error.retry_after);
    });
    this.#setState("connecting");
    socket.connect();
  }

  /** The room's `sync` was applied: from here on commands are sent. */
  ready() {
    this.#attempts = 0;
    this.#setState("online");
  }

  close() {
    this.#stop("closed");
  }

  /** Stays away for good. @param {ErrorObject} error */
  refuse(error) {
    this.#stop("refused", error);
  }

  /** @param {string} event @param {object} payload @returns {Promise<any>} the ack's data; throws `ChatError` */
  async request(event, payload) {
    if (!this.isOnline) throw new ChatError({ code: "unavailable", message: "Not connected." });
    const reply = await this.#socket
      .timeout(ACK_TIMEOUT)
      .emitWithAck(event, payload)
      .catch(() => ({ error: { code: "unavailable", message: "The server did not answer." } }));
    if (!reply.ok) throw new ChatError(reply.error);
    return reply.data;
  }

  /** Says something that may be lost. @param {string} event @param {object} payload */
  whisper(event, payload) {
    if (this.isOnline) this.#socket.volatile.emit(event, payload);
  }

  /** @param {number} [pause] seconds the server asked for */
  #reconnect(pause = 0) {
    const backoff = Math.min(2 ** this.#attempts++, LONGEST_BACKOFF) * (0.5 + Math.random() / 2);
    this.#timer = setTimeout(() => this.#socket.connect(), Math.max(pause, backoff) * 1000);
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
    this.emit("state", { status, error });
  }
}
