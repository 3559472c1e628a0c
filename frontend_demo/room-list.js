/** My rooms as the sidebar shows them: fetched, refreshed now and then, and moved along by the open room. */

const REFRESH = 15_000; // milliseconds

export class RoomList {
  /** @type {any[]} */ rooms = [];
  loaded = false;
  /** @type {Error | null} */ error = null;
  #api;
  #onChange;
  /** @type {ReturnType<typeof setInterval>} */ #timer;

  /** @param {import("./rest-client.js").RestClient} api @param {() => void} onChange */
  constructor(api, onChange) {
    this.#api = api;
    this.#onChange = onChange;
    this.#timer = setInterval(() => document.hidden || this.refresh(), REFRESH);
    window.addEventListener("focus", this.refresh);
  }

  stop() {
    clearInterval(this.#timer);
    window.removeEventListener("focus", this.refresh);
    this.#onChange = () => {};
  }

  refresh = async () => {
    try {
      this.rooms = (await this.#api.get("rooms")).items;
      this.loaded = true;
      this.error = null;
    } catch (error) {
      this.error = /** @type {Error} */ (error);
    }
    this.#changed();
  };

  /** @param {string} slug */
  get(slug) {
    return this.rooms.find((room) => room.slug === slug);
  }

  /** What is known better than the last fetch; unknown rooms are added. @param {any} news has a `slug` */
  update(news) {
    const room = this.get(news.slug);
    if (room) Object.assign(room, news);
    else this.rooms.push(news);
    this.#changed();
  }

  /** @param {string} slug */
  remove(slug) {
    this.rooms = this.rooms.filter((room) => room.slug !== slug);
    this.#changed();
  }

  #changed() {
    const time = (/** @type {any} */ room) => room.last_message?.created_at ?? room.created_at;
    this.rooms.sort((a, b) => (time(a) < time(b) ? 1 : -1));
    this.#onChange();
  }
}

/** @param {any} room */
export function roomTitle(room) {
  return room.peer?.name ?? room.name;
}

/** A system line in words. @param {import("./protocol.js").Message} message */
export function systemText({ kind, sender, message }) {
  switch (kind) {
    case "created":
      return `${sender.name} created the room`;
    case "joined":
      return `${sender.name} joined`;
    case "left":
      return `${sender.name} left`;
    case "removed":
      return `${sender.name} removed ${message}`;
    case "renamed":
      return `${sender.name} renamed the room to “${message}”`;
    default:
      return [sender.name, message || kind].join(": ");
  }
}

/** A message in one line. @param {import("./protocol.js").Message} message @param {number} me */
export function previewText(message, me) {
  if (message.kind !== "text") return systemText(message);
  const who = message.sender.id === me ? "You" : message.sender.name;
  return message.deleted_at ? `${who} deleted a message` : `${who}: ${message.message}`;
}
