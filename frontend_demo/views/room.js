/** The room on screen: header with the connection's state, log, typing line, composer. */

import { Conversation } from "../conversation.js";
import { el, icon, iconButton, notify } from "../dom.js";
import { Presence } from "../presence.js";
import { roomTitle } from "../words.js";
import { roomBadge } from "./avatar.js";
import { joinRoom, people } from "./browse.js";
import { Composer } from "./composer.js";
import { dropZone } from "./drop-zone.js";
import { MessageLog } from "./log.js";
import { messageSearchDialog } from "./message-search.js";
import { pinsDialog } from "./pins.js";
import { roomDetailsDialog } from "./room-details.js";
import { actionButton } from "./search-list.js";
import { relativeTime } from "./time.js";
import { TypingLine } from "./typing.js";

/** @typedef {import("../roles.js").Member} Member */

export class RoomView {
  /** @type {Conversation | null} */ #conversation = null;
  /** @type {MessageLog | null} */ #log = null;
  /** @type {TypingLine | null} */ #typing = null;
  /** @type {Composer | null} */ #composer = null;
  /** The place to go to as soon as there is a connection. @type {number | null} */ #goal;
  /** @type {Presence | null} */ #presence = null;
  /** @type {any} */ #room = null;
  #closed = false;
  #isMuted = false; // as far as it was told
  #head = el("div", { class: "room-title" });
  #state = el("p", { class: "room-state", role: "status" });
  #search = iconButton("search", "Search messages", () => messageSearchDialog(this.app, this.#room), { hidden: true });
  #pins = iconButton("pin", "Pinned messages", () => this.#showPins(), { hidden: true });
  #details = iconButton("people", "Room details", () => this.#showDetails(), { hidden: true });
  #body = el("div", { class: "room-body" }, el("p", { class: "list-note" }, "Opening the room …"));

  /** @param {import("../app.js").AppType} app @param {string} slug @param {number | null} seq of the message to show */
  constructor(app, slug, seq) {
    this.app = app;
    this.slug = slug;
    this.#goal = seq;
    this.element = el(
      "section",
      { class: "room-pane", "aria-label": "Conversation" },
      el(
        "header",
        { class: "room-head" },
        iconButton("back", "Back to the rooms", () => app.go(null), { class: "back" }),
        this.#head,
        this.#search,
        this.#pins,
        this.#details,
      ),
      this.#body,
    );
    this.#open();
  }

  close() {
    this.#closed = true;
    if (this.#composer) this.app.shell?.drafts.set(this.slug, this.#composer.draft);
    this.#conversation?.close();
    this.#log?.close();
    this.#typing?.close();
    this.#composer?.close();
  }

  /** Shows the message at a place. @param {number} seq */
  jump(seq) {
    if (this.#conversation?.client.status === "online") this.#log?.jump(seq);
    else this.#goal = seq;
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
    const conversation = (this.#conversation = new Conversation(app, this.#room));
    const { client } = conversation;
    this.#log = new MessageLog(conversation, () => this.#wasRead());
    this.#typing = new TypingLine(conversation);
    const composer = (this.#composer = new Composer(conversation, this.#log));
    this.#presence = new Presence(client, app.api, this.#room);
    let wasOffline = false;
    client.on("state", (/** @type {{status: string}} */ { status }) => {
      this.#showState();
      if (status === "online" && wasOffline) this.#reread();
      wasOffline = status !== "online" && (wasOffline || status === "offline");
    });
    this.#presence.on("change", () => this.#showState());
    client.on("room", (/** @type {any} */ news) => {
      Object.assign(this.#room, news);
      this.#show(this.#room);
      if (app.shell?.rooms.get(this.slug)) app.shell.rooms.update(news);
    });
    client.on("member", (/** @type {Member} */ member) => {
      if (member.id === conversation.me) this.#onMe(member);
    });
    for (const button of [this.#search, this.#pins, this.#details]) button.hidden = false;
    this.#body.replaceChildren(this.#log.element, this.#typing.element, composer.element);
    dropZone(this.#body, (files) => composer.attach(files));
    const draft = app.shell?.drafts.get(this.slug);
    if (draft) composer.draft = draft;
    client.connect();
    if (matchMedia("(min-width: 48rem)").matches) composer.focus(); // on a phone it would raise the keyboard
  }

  #showState() {
    const { client } = /** @type {Conversation} */ (this.#conversation);
    const words = {
      idle: "",
      closed: "",
      connecting: "Connecting …",
      online: this.#presence?.words ?? "",
      offline: "Connection lost: trying again …",
      refused: "Not connected",
    };
    this.#state.textContent = words[client.status];
    this.#state.dataset.status = client.status;
    this.#state.toggleAttribute("data-away", Boolean(this.#presence?.isPeerAway));
    this.#log?.setStatus(client.status);
    if (client.status === "online" && this.#goal) {
      this.#log?.jump(this.#goal);
      this.#goal = null;
    }
    if (client.status !== "refused" || !client.error) return;
    if (client.error.code === "unauthorized") return this.app.end(client.error.message);
    this.#composer?.disable(client.error.message);
    for (const button of [this.#search, this.#pins, this.#details]) button.hidden = true;
  }

  /** I have another role, or am muted or no longer. @param {Member} me */
  #onMe({ role, muted_until }) {
    if (role !== this.#room.role) notify(`You are now ${role === "member" ? "a" : "an"} ${role} of this room.`);
    else if (muted_until) notify(`You are muted. You may write again ${relativeTime(muted_until)}.`);
    else if (this.#isMuted) notify("You may write again.");
    this.#isMuted = muted_until !== null;
    this.#room.role = role;
    this.#log?.refresh();
  }

  /** The room may have changed while there was no connection. */
  async #reread() {
    const room = await this.app.api.get(`rooms/${this.slug}`).catch(() => null); // as it is, then
    if (!room || this.#closed) return;
    Object.assign(this.#room, room);
    this.#show(this.#room);
    this.#log?.refresh();
  }

  /** What is on screen was seen: the list's badge goes, the line below the name follows. */
  #wasRead() {
    const last_message = this.#conversation?.client.messages.at(-1);
    const rooms = this.app.shell?.rooms;
    if (last_message && rooms?.get(this.slug)) rooms.update({ slug: this.slug, last_message, unread_count: 0 });
  }

  #showDetails() {
    if (this.#conversation && this.#presence) {
      roomDetailsDialog(this.app, this.#room, this.#conversation.client, this.#presence);
    }
  }

  #showPins() {
    if (this.#conversation) pinsDialog(this.#conversation, (seq) => this.jump(seq));
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
