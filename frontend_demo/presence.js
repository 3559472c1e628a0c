/** Who is in the room on screen, as the server names them; in rooms too large for that nobody is named. */

import { Emitter } from "./emitter.js";
import { relativeTime } from "./views/time.js";

/** Emits `change`. */
export class Presence extends Emitter {
  /** @type {Set<number>} */ #here = new Set();
  /** When people were here last, ISO 8601. @type {Map<number, string>} */ #seen = new Map();
  #client;
  #room;

  /**
   * @param {import("./chat-client.js").RoomClient} client
   * @param {import("./rest-client.js").RestClient} api
   * @param {import("./inbox-client.js").Room} room
   */
  constructor(client, api, room) {
    super();
    this.#client = client;
    this.#room = room;
    client.on("presence", (/** @type {{joined: number[], left: number[]}} */ { joined, left }) => {
      for (const id of joined) this.#here.add(id);
      for (const id of left) {
        this.#here.delete(id);
        this.#seen.set(id, new Date().toISOString());
      }
      this.emit("change");
    });
    client.on("state", (/** @type {{status: string}} */ { status }) => {
      if (status !== "online") this.#here.clear(); // who is here is told anew after the next sync
      this.emit("change");
    });
    if (room.peer) this.#askWhenSeen(api, room.peer.id);
  }

  /** @param {number} id of a person */
  has(id) {
    return this.#here.has(id);
  }

  /** Whether somebody is here, or when they were last, in words; empty where nobody knows.
   * @param {{id: number, last_seen: string | null}} person */
  wordsFor({ id, last_seen }) {
    const seen = this.#seen.get(id) ?? last_seen;
    return this.has(id) ? "here now" : seen ? `last seen ${relativeTime(seen)}` : "";
  }

  /** Whether it is a direct room, and the other person is not here. */
  get isPeerAway() {
    return Boolean(this.#room.peer && !this.has(this.#room.peer.id));
  }

  /** The line below the room's name. */
  get words() {
    const { peer } = this.#room;
    return peer ? this.wordsFor({ id: peer.id, last_seen: null }) || "not here" : `${this.#client.online} online`;
  }

  /** @param {import("./rest-client.js").RestClient} api @param {number} id */
  async #askWhenSeen(api, id) {
    const members = await api.get(`rooms/${this.#room.slug}/members`).catch(() => null); // it is an extra
    const peer = members?.items.find((/** @type {import("./roles.js").Member} */ member) => member.id === id);
    if (peer?.last_seen && !this.#seen.has(id)) this.#seen.set(id, peer.last_seen);
    this.emit("change");
  }
}
