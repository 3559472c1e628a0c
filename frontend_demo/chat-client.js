/**
 * One chat room over Socket.IO, for browsers and Node: copy it with the modules it imports (connection.js, delivery.js,
 * emitter.js, outbox.js, protocol.js, timeline.js).
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

import { Connection } from "./connection.js";
import { Delivery } from "./delivery.js";
import { Emitter } from "./emitter.js";
import { contentOf, defaultStorage, newClientId, Outbox } from "./outbox.js";
import { Timeline } from "./timeline.js";

/** @typedef {import("./connection.js").Status} Status */
/** @typedef {import("./outbox.js").KeyValueStore} KeyValueStore */
/** @typedef {import("./outbox.js").Pending} Pending */
/** @typedef {import("./protocol.js").Message} Message */
/** @typedef {import("./protocol.js").User} User */
/** @typedef {import("./timeline.js").Page} Page */

const TYPING_INTERVAL = 2_500; // milliseconds between two "still typing"
const PAGE = 50;

/**
 * A room. Events: `change` (messages or pending), `state` `{status, error}`, and as the server says
 * them `typing` `{user_id, typing}`, `read` `{user_id, seq}`, `presence` `{joined, left, online}`,
 * `room` `{slug, name, kind}`, `member` (with `role` and `muted_until`).
 */
export class RoomClient extends Emitter {
  /** The last change applied; null before the first sync. @type {number | null} */ position = null;
  /** Whether there are older messages than those held. */ hasMore = false;
  online = 0;
  #timeline = new Timeline();
  #typedAt = 0;
  #readSeq = 0;
  #user;
  #outbox;
  #connection;
  #delivery;

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
  constructor({ user, storage = defaultStorage(), ...options }) {
    super();
    this.#user = user;
    this.#outbox = new Outbox(`chat-outbox:${user.id}:${options.slug}:`, storage);
    const connection = (this.#connection = new Connection({ ...options, position: () => this.position }));
    this.#delivery = new Delivery(this.#outbox, connection, {
      onStored: (message) => this.#take(message),
      onRefused: () => this.emit("change"),
    });
    connection.on("sync", (/** @type {any} */ sync) => this.#onSync(sync));
    connection.on("message", (/** @type {Message} */ message) => this.#onChange(message));
    connection.on("message_updated", (/** @type {Message} */ message) => this.#onChange(message));
    connection.on("presence", (/** @type {{online: number}} */ { online }) => (this.online = online));
    for (const event of ["state", "typing", "read", "presence", "room", "member"]) {
      connection.on(event, (/** @type {object} */ payload) => this.emit(event, payload));
    }
  }

  get status() {
    return this.#connection.status;
  }

  /** Why the server refused, with status `refused`. */
  get error() {
    return this.#connection.error;
  }

  /** The held messages in the order of the room. */
  get messages() {
    return this.#timeline.messages;
  }

  /** Whether there are newer messages than those held: only after a jump to an old one. */
  get hasNewer() {
    return !this.#timeline.isLive;
  }

  /** Messages of mine that are on their way or were refused (`error`). @returns {readonly Pending[]} */
  get pending() {
    return this.#outbox.items;
  }

  connect() {
    this.#connection.open();
  }

  /** Ends the connection; unsent messages stay in storage for the next time. */
  close() {
    this.#connection.close();
  }

  /** Queues a message; it goes out now or as soon as there is a connection. @param {string} message
   * @param {{reply_to?: number, attachment_ids?: number[], mention_ids?: number[],
   *   preview?: import("./outbox.js").Preview}} [more] @returns {Pending} */
  send(message, more = {}) {
    const item = this.#outbox.add({ client_id: newClientId(), message: message.trim(), ...more });
    this.emit("change");
    this.#delivery.run();
    return item;
  }

  /** Queues a refused message again, at the end. @param {string} client_id */
  retry(client_id) {
    const item = this.pending.find((each) => each.client_id === client_id && each.error);
    if (!item) return;
    const again = { ...contentOf(item), preview: item.preview };
    this.#outbox.remove(client_id);
    // An earlier try may have been stored after all, so the id stays, unless it is the id that was refused.
    this.#outbox.add(item.error?.code === "conflict" ? { ...again, client_id: newClientId() } : again);
    this.emit("change");
    this.#delivery.run();
  }

  /** @param {string} client_id */
  discard(client_id) {
    this.#outbox.remove(client_id);
    this.emit("change");
  }

  /** Adds the page before the oldest held message. @returns {Promise<void>} */
  async loadOlder() {
    const page = await this.#timeline.extendBack((where) => this.history({ ...where, limit: PAGE }));
    if (!page) return;
    this.hasMore = page.has_more;
    this.emit("change");
  }

  /** Adds the page after the newest held message. @returns {Promise<void>} */
  async loadNewer() {
    if (await this.#timeline.extendForward((where) => this.history({ ...where, limit: PAGE }))) this.emit("change");
  }

  /** Makes sure that the message at a place is held; may give up those held before. @param {number} seq */
  async loadAround(seq) {
    if (!this.#timeline.has(seq)) await this.#replace({ around: seq, limit: PAGE });
  }

  /** Makes sure that the newest messages are held. @returns {Promise<void>} */
  async loadNewest() {
    if (this.hasNewer) await this.#replace({ limit: PAGE });
  }

  /** @param {{before?: number, after?: number, around?: number, limit?: number}} where
   * @returns {Promise<Page>} a page, oldest first; nothing is kept */
  history(where) {
    return this.#connection.request("history", where);
  }

  /** @param {number} id @param {string} message */
  async edit(id, message) {
    this.#take(await this.#connection.request("edit", { id, message: message.trim() }));
  }

  /** @param {number} id */
  async delete(id) {
    this.#take(await this.#connection.request("delete", { id }));
  }

  /** Puts my emoji on a message, or takes it off again. @param {number} id @param {string} emoji @param {boolean} on */
  async react(id, emoji, on) {
    this.#take(await this.#connection.request(on ? "react" : "unreact", { id, emoji }));
  }

  /** Pins a message for everybody, or unpins it. @param {number} id @param {boolean} on */
  async pin(id, on) {
    this.#take(await this.#connection.request(on ? "pin" : "unpin", { id }));
  }

  /** Moves my read mark forward. @param {number} seq */
  async read(seq) {
    if (seq <= this.#readSeq || this.status !== "online") return;
    const before = this.#readSeq;
    this.#readSeq = seq;
    // When it fails, the next call tries again.
    await this.#connection.request("read", { seq }).catch(() => (this.#readSeq = before));
  }

  /** Call it at every keystroke: it sends no more than needed. @param {boolean} typing */
  typing(typing) {
    const due = typing ? Date.now() - this.#typedAt >= TYPING_INTERVAL : this.#typedAt > 0;
    if (!due || this.status !== "online") return;
    this.#typedAt = typing ? Date.now() : 0;
    this.#connection.whisper("typing", { typing });
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
    this.#typedAt = 0;
    this.#connection.ready();
    this.emit("change");
    this.#delivery.run();
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
    if (message.sender.id === this.#user.id) this.#outbox.remove(message.client_id);
    this.#timeline.take(message);
    this.emit("change");
  }

  /** @param {{around?: number, limit: number}} where */
  async #replace(where) {
    const page = await this.#timeline.replace(() => this.history(where));
    if (!page) return;
    this.hasMore = page.has_more;
    this.emit("change");
  }
}
