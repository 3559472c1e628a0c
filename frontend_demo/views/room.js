/** The room on screen: header with the connection's state, log, typing line, composer. */

import { RoomClient } from "../chat-client.js";
import { el, icon, iconButton } from "../dom.js";
import { roomTitle } from "../room-list.js";
import { roomBadge } from "./avatar.js";
import { joinRoom, people } from "./browse.js";
import { Composer } from "./composer.js";
import { MessageLog } from "./log.js";
import { roomDetailsDialog } from "./room-details.js";
import { actionButton } from "./search-list.js";
import { TypingLine } from "./typing.js";

export class RoomView {
  /** @type {RoomClient | null} */ #client = null;
  /** @type {MessageLog | null} */ #log = null;
  /** @type {TypingLine | null} */ #typing = null;
  /** @type {any} */ #room = null;
  #closed = false;
  #head = el("div", { class: "room-title" });
  #state = el("p", { class: "room-state", role: "status" });
  #details = iconButton("people", "Room details", () => roomDetailsDialog(this.app, this.#room), { hidden: true });
  #body = el("div", { class: "room-body" }, el("p", { class: "list-note" }, "Opening the room …"));

  /** @param {import("../app.js").AppType} app @param {string} slug */
  constructor(app, slug) {
    this.app = app;
    this.slug = slug;
    this.element = el(
      "section",
      { class: "room-pane", "aria-label": "Conversation" },
      el(
        "header",
        { class: "room-head" },
        iconButton("back", "Back to the rooms", () => app.go(null), { class: "back" }),
        this.#head,
        this.#details,
      ),
      this.#body,
    );
    this.#open();
  }

  close() {
    this.#closed = true;
    this.#client?.close();
    this.#log?.close();
    this.#typing?.close();
  }

  async #open() {
    try {
      const room = await this.app.api.get(`rooms/${this.slug}`);
      if (this.#closed) return;
      this.#show(room);
      if (room.role) this.#connect();
      else this.#offerToJoin();
    } catch (error) {
      if (!this.#closed) this.#fail(/** @type {import("../protocol.js").ChatError} */ (error));
    }
  }

  /** @param {any} room */
  #show(room) {
    this.#room = room;
    this.#head.replaceChildren(
      roomBadge(room),
      el("div", {}, el("h1", {}, roomTitle(room), room.kind === "private" && icon("lock")), this.#state),
    );
  }

  #connect() {
    const { app } = this;
    const session = /** @type {{token: string, user: import("../session.js").Me}} */ (app.session);
    const client = new RoomClient({ io: app.io, slug: this.slug, token: session.token, user: session.user });
    this.#client = client;
    this.#log = new MessageLog(client, session.user.id, this.#room, () => this.#wasRead());
    this.#typing = new TypingLine(client, app.api);
    const composer = new Composer(client, this.#log);
    client.on("state", () => this.#showState(composer));
    client.on("presence", () => this.#showState(composer));
    client.on("room", (/** @type {any} */ news) => {
      Object.assign(this.#room, news);
      this.#show(this.#room);
      if (app.shell?.rooms.get(this.slug)) app.shell.rooms.update(news);
    });
    this.#details.hidden = false;
    this.#body.replaceChildren(this.#log.element, this.#typing.element, composer.element);
    client.connect();
    if (matchMedia("(min-width: 48rem)").matches) composer.focus(); // on a phone it would raise the keyboard
  }

  /** @param {Composer} composer */
  #showState(composer) {
    const client = /** @type {RoomClient} */ (this.#client);
    const words = {
      idle: "",
      closed: "",
      connecting: "Connecting …",
      online: `${client.online} online`,
      offline: "Connection lost: trying again …",
      refused: "Not connected",
    };
    this.#state.textContent = words[client.status];
    this.#state.dataset.status = client.status;
    this.#log?.setStatus(client.status);
    if (client.status !== "refused" || !client.error) return;
    if (client.error.code === "unauthorized") return this.app.end(client.error.message);
    composer.disable(client.error.message);
    this.#details.hidden = true;
    this.app.shell?.rooms.refresh();
  }

  /** What is on screen was seen: the list's badge goes, the line below the name follows. */
  #wasRead() {
    const last_message = this.#client?.messages.at(-1);
    const rooms = this.app.shell?.rooms;
    if (last_message && rooms?.get(this.slug)) rooms.update({ slug: this.slug, last_message, unread_count: 0 });
  }

  #offerToJoin() {
    const join = async () => {
      await joinRoom(this.app, this.slug);
      await this.#open();
    };
    this.#body.replaceChildren(
      el(
        "div",
        { class: "empty" },
        icon("people"),
        el("h2", {}, "You are not in this room yet"),
        el("p", {}, `${people(this.#room.member_count)} in here. Join to read and write.`),
        actionButton("Join the room", join, "primary"),
      ),
    );
  }

  /** @param {import("../protocol.js").ChatError} error */
  #fail(error) {
    const again =
      error.code === "not_found" || error.code === "forbidden" ? null : actionButton("Try again", () => this.#open());
    const title = error.code === "not_found" ? "There is no such room" : "The room can't be opened";
    this.#body.replaceChildren(
      el("div", { class: "empty" }, icon("warning"), el("h2", {}, title), el("p", {}, error.message), again),
    );
  }
}
