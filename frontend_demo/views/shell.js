/** The two panes: my rooms, and the room or the invitation on screen. On a phone one of them at a time. */

import { el, icon, iconButton } from "../dom.js";
import { InboxClient } from "../inbox-client.js";
import { avatar } from "./avatar.js";
import { browseDialog } from "./browse.js";
import { createRoomDialog } from "./create-room.js";
import { InviteView } from "./invite.js";
import { messageSearchDialog } from "./message-search.js";
import { profileDialog } from "./profile.js";
import { RoomView } from "./room.js";
import { SideList } from "./side-list.js";

export class Shell {
  /** @type {RoomView | InviteView | null} */ #page = null;
  /** What was written and not sent, by the room's slug. @type {Map<string, import("./composer.js").Draft>} */
  drafts = new Map();
  #me = el("button", { type: "button", class: "me", on: { click: () => profileDialog(this.app) } });
  #main = el("main", { class: "main", id: "main", tabIndex: -1 });
  #list;

  /** @param {import("../app.js").AppType} app */
  constructor(app) {
    this.app = app;
    this.rooms = new InboxClient({ io: app.io, token: app.session?.token ?? "" });
    this.#list = new SideList(app, this.rooms);
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
          iconButton("compass", "Find rooms and people", () => browseDialog(app)),
          iconButton("plus", "New room", () => createRoomDialog(app)),
        ),
        this.#list.element,
        this.#me,
      ),
      this.#main,
    );
    this.rooms.on("state", (/** @type {{error?: import("../protocol.js").ErrorObject}} */ { error }) => {
      if (error?.code === "unauthorized") app.end(error.message);
    });
    document.addEventListener("visibilitychange", this.#onVisible);
    this.rooms.connect();
    this.showMe();
  }

  close() {
    document.removeEventListener("visibilitychange", this.#onVisible);
    this.#page?.close();
    this.#list.close();
    this.rooms.close();
  }

  /** Shows what the address names: a room, an invitation, or else the invitation to choose a room. */
  open() {
    const { slug, seq, invite } = this.app;
    const page = this.#page;
    if (seq && page instanceof RoomView && page.slug === slug) return page.jump(seq);
    page?.close();
    this.#page = slug ? new RoomView(this.app, slug, seq) : invite ? new InviteView(this.app, invite) : null;
    this.#main.replaceChildren(this.#page?.element ?? this.#welcome());
    this.element.classList.toggle("has-room", this.#page !== null);
    this.#list.show();
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

  #onVisible = () => this.#list.show();

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
