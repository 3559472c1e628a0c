/**
 * My rooms, live, over Socket.IO: for browsers and Node. Copy it with connection.js, emitter.js and protocol.js.
 *
 *     const inbox = new InboxClient({ io, token });
 *     inbox.on("change", () => render(inbox.rooms));
 *     inbox.on("state", ({ status, error }) => show(status, error));
 *     inbox.connect();
 *
 * To have the room on screen on the same connection, give both clients the same `shareConnection(io)`.
 */

import { Connection } from "./connection.js";
import { Emitter } from "./emitter.js";

/** @typedef {import("./protocol.js").Message} Message */
/** @typedef {import("./protocol.js").User} User */
/**
 * @typedef {object} Room as one of its members sees it
 * @property {string} slug
 * @property {string} name
 * @property {"public" | "private" | "direct"} kind
 * @property {string} created_at ISO 8601
 * @property {number} member_count
 * @property {number} last_seq
 * @property {"owner" | "admin" | "member" | null} role null in a public room that I am not in
 * @property {number} last_read_seq
 * @property {number} unread_count up to 99
 * @property {number} mention_count up to 99
 * @property {Message | null} last_message
 * @property {User | null} peer the other person of a direct room
 */
/** @typedef {Partial<Room> & {slug: string}} News */

/** Events: `change` (the rooms), `state` `{status, error}`. */
export class InboxClient extends Emitter {
  /** The one where something happened last first. @type {Room[]} */ rooms = [];
  /** Whether the server has told the rooms yet. */ isLoaded = false;
  #connection;

  /**
   * @param {object} options
   * @param {Function} options.io `io` of socket.io-client
   * @param {string} options.token
   * @param {string} [options.url] origin of the server; default: the page's own
   * @param {object} [options.socket] further options for `io`
   */
  constructor(options) {
    super();
    const connection = (this.#connection = new Connection({ ...options, slug: "", position: () => null }));
    connection.on("state", (/** @type {object} */ state) => this.emit("state", state));
    connection.on("inbox", (/** @type {{rooms: Room[]}} */ { rooms }) => {
      this.rooms = rooms;
      this.isLoaded = true;
      connection.ready();
      this.#changed();
    });
    connection.on("room_added", (/** @type {{room: Room}} */ { room }) => this.update(room));
    connection.on("room_removed", (/** @type {{slug: string}} */ { slug }) => this.remove(slug));
    for (const event of ["room_activity", "room"]) {
      connection.on(event, (/** @type {News} */ news) => {
        if (this.get(news.slug)) this.update(news);
      });
    }
  }

  get status() {
    return this.#connection.status;
  }

  /** Why the server refused, with status `refused`. */
  get error() {
    return this.#connection.error;
  }

  connect() {
    this.#connection.open();
  }

  close() {
    this.#connection.close();
  }

  /** @param {string} slug */
  get(slug) {
    return this.rooms.find((room) => room.slug === slug);
  }

  /** Takes what is known sooner than the inbox tells it, such as a room just made. @param {News} news */
  update(news) {
    const room = this.get(news.slug);
    if (room) Object.assign(room, news);
    else this.rooms.push(/** @type {Room} */ (news));
    this.#changed();
  }

  /** @param {string} slug */
  remove(slug) {
    this.rooms = this.rooms.filter((room) => room.slug !== slug);
    this.#changed();
  }

  #changed() {
    const time = (/** @type {Room} */ room) => Date.parse(room.last_message?.created_at ?? room.created_at);
    this.rooms.sort((a, b) => time(b) - time(a));
    this.emit("change");
  }
}
