/** The two panes: my rooms, and the room on screen. On a phone one of them at a time. */

import { el, icon, iconButton } from "../dom.js";
import { previewText, RoomList, roomTitle } from "../room-list.js";
import { avatar, roomBadge } from "./avatar.js";
import { browseDialog } from "./browse.js";
import { createRoomDialog } from "./create-room.js";
import { messageSearchDialog } from "./message-search.js";
import { profileDialog } from "./profile.js";
import { RoomView } from "./room.js";
import { shortTime } from "./time.js";

export class Shell {
  /** @type {RoomView | null} */ #room = null;
  #list = el("ul", { class: "rooms" });
  #listNote = el("p", { class: "list-note" });
  #me = el("button", { type: "button", class: "me", on: { click: () => profileDialog(this.app) } });
  #main = el("main", { class: "main", id: "main", tabIndex: -1 });

  /** @param {import("../app.js").AppType} app */
  constructor(app) {
    this.app = app;
    this.rooms = new RoomList(app.api, () => this.#showRooms());
    this.element = el(
      "div",
      { class: "shell" },
      el("a", { class: "skip-link", href: "#main", on: { click: this.#skip } }, "Skip to the conversation"),
      el(
        "nav",
        { class: "side", "aria-label": "Rooms" },
        el(
          "header",
          { class: "side-head" },
          el("span", { class: "brand" }, el("img", { src: "icon.svg", alt: "", width: 26, height: 26 }), "chat_api"),
          iconButton("search", "Search all messages", () => messageSearchDialog(app)),
          iconButton("compass", "Find rooms", () => browseDialog(app)),
          iconButton("plus", "New room", () => createRoomDialog(app)),
        ),
        this.#list,
        this.#listNote,
        this.#me,
      ),
      this.#main,
    );
    this.showMe();
  }

  close() {
    this.rooms.stop();
    this.#room?.close();
  }

  /** Shows a room, or with null the invitation to choose one. @param {string | null} slug
   * @param {number | null} seq the place of the message to show, null for the newest */
  open(slug, seq) {
    if (slug && seq && this.#room?.slug === slug) return this.#room.jump(seq);
    this.#room?.close();
    this.#room = slug ? new RoomView(this.app, slug, seq) : null;
    this.#main.replaceChildren(this.#room ? this.#room.element : this.#welcome());
    this.element.classList.toggle("has-room", Boolean(slug));
    this.#showRooms();
    this.rooms.refresh();
  }

  showMe() {
    const user = this.app.session?.user;
    if (!user) return;
    this.#me.replaceChildren(
      avatar(user),
      el("span", { class: "me-name" }, user.name),
      el("span", { class: "me-hint" }, "Profile"),
    );
  }

  // A plain jump to #main would change the address, which names the room.
  #skip = (/** @type {Event} */ event) => {
    event.preventDefault();
    (this.#main.querySelector("textarea") ?? this.#main).focus();
  };

  #showRooms() {
    const { rooms, loaded, error } = this.rooms;
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.slug;
    this.#list.replaceChildren(...rooms.map((room) => el("li", {}, this.#roomLink(room))));
    if (focused) this.#list.querySelector(`[data-slug="${focused}"]`)?.focus();
    const note = error
      ? `Your rooms can't be refreshed: ${error.message}`
      : loaded
        ? "You are in no room yet."
        : "Loading …";
    this.#listNote.textContent = note;
    this.#listNote.hidden = !error && rooms.length > 0;
    const unread = rooms.reduce((sum, room) => sum + room.unread_count, 0);
    document.title = unread ? `(${unread}) chat_api` : "chat_api";
  }

  /** @param {any} room */
  #roomLink(room) {
    const current = room.slug === this.app.slug;
    const unread = current ? 0 : room.unread_count;
    const last = room.last_message;
    return el(
      "a",
      { class: "room-link", href: `#/r/${room.slug}`, "aria-current": current && "page", dataset: { slug: room.slug } },
      roomBadge(room),
      el(
        "span",
        { class: "room-text" },
        el("span", { class: "room-name" }, roomTitle(room), room.kind === "private" && icon("lock")),
        el(
          "span",
          { class: "room-last" },
          last ? previewText(last, this.app.session?.user.id ?? 0) : "Nothing said yet",
        ),
      ),
      el(
        "span",
        { class: "room-meta" },
        el("time", { dateTime: last?.created_at ?? room.created_at }, shortTime(last?.created_at ?? room.created_at)),
        unread > 0 &&
          el("span", { class: "badge", "aria-label": `${unread} unread` }, unread > 98 ? "99+" : String(unread)),
      ),
    );
  }

  #welcome() {
    return el(
      "div",
      { class: "empty" },
      icon("bubble"),
      el("h1", {}, "Pick a room"),
      el("p", {}, "Open one of yours, find a public one, or start your own."),
      el(
        "div",
        { class: "row" },
        el("button", { type: "button", class: "primary", on: { click: () => createRoomDialog(this.app) } }, "New room"),
        el("button", { type: "button", on: { click: () => browseDialog(this.app) } }, "Find rooms"),
      ),
    );
  }
}
