/** The scrolling log: keeps its place when messages come in above, follows the end while one is there, goes to any
 * message. */

import { el, icon, notify } from "../dom.js";
import { confirmDialog } from "./confirm.js";
import { lines } from "./lines.js";
import { RowList } from "./row-list.js";

/** @typedef {import("../protocol.js").Message} Message */

const NEAR = 80; // pixels from the end that count as being there

export class MessageLog {
  /** Where the focus goes after editing. */ onEditEnd = () => this.#scroller.focus({ preventScroll: true });
  /** @type {(message: Message) => void} */ onReply = () => {};
  #conversation;
  #client;
  #onRead;
  #newAfter;
  #following = true;
  #loading = false;
  #jumping = false;
  #scheduled = false;
  #editing = 0;
  #seen = 0;
  #rows = new RowList(
    el("ol", {
      class: "messages",
      role: "log",
      "aria-live": "polite",
      "aria-relevant": "additions",
      "aria-label": "Messages",
    }),
  );
  #older = moreButton("Load older messages", () => this.#more(this.#older));
  #newer = moreButton("Load newer messages", () => this.#more(this.#newer));
  #scroller = el(
    "div",
    { class: "scroller", tabIndex: 0, "aria-label": "Messages, scroll up for older ones", role: "region" },
    this.#older,
    this.#rows.element,
    this.#newer,
  );
  #jump = el("button", { type: "button", class: "jump", hidden: true, on: { click: () => this.toEnd() } });
  #busy = el("p", { class: "log-busy", role: "status", hidden: true }, el("progress", { "aria-hidden": "true" }));
  #resize = new ResizeObserver(() => this.#following && this.#scrollToEnd());
  #edges = new IntersectionObserver(
    (entries) => entries.forEach(({ isIntersecting, target }) => isIntersecting && this.#more(target)),
    { root: this.#scroller, rootMargin: "300px" },
  );
  /** @type {import("./message.js").Actions} */
  #actions = {
    reply: (message) => this.onReply(message),
    edit: (message) => this.#edit(message.id),
    delete: (message) => this.#askToDelete(message.id),
    pin: (message, on) => this.#attempt(this.#client.pin(message.id, on)),
    react: (message, emoji, on) => this.#attempt(this.#client.react(message.id, emoji, on)),
    jump: (seq) => this.jump(seq),
  };

  /**
   * @param {import("../conversation.js").Conversation} conversation its `room` as it was when it was opened
   * @param {() => void} onRead called when the newest message is on screen
   */
  constructor(conversation, onRead) {
    const { client, room, people, reads } = conversation;
    this.#conversation = conversation;
    this.#client = client;
    this.#onRead = onRead;
    this.#newAfter = room.unread_count > 0 ? room.last_read_seq : Infinity;
    this.element = el("div", { class: "log" }, this.#scroller, this.#busy, this.#jump);
    this.#scroller.addEventListener("scroll", this.#onScroll, { passive: true });
    document.addEventListener("visibilitychange", this.#onScroll);
    for (const source of [client, people, reads]) source.on("change", this.#schedule);
    this.#resize.observe(this.#scroller);
  }

  close() {
    document.removeEventListener("visibilitychange", this.#onScroll);
    this.#resize.disconnect();
    this.#edges.disconnect();
  }

  /** @param {import("../chat-client.js").Status} status */
  setStatus(status) {
    if (status === "online") this.#watchEdges();
  }

  /** What I may do with messages has changed. */
  refresh() {
    this.#schedule();
  }

  /** Goes to the newest message. */
  async toEnd() {
    if (this.#client.hasNewer) await this.#wait(this.#client.loadNewest());
    this.#following = true;
    this.#render();
    this.#scrollToEnd();
  }

  /** Goes to the message at a place, wherever that is. @param {number} seq */
  async jump(seq) {
    this.#following = false;
    if (!(await this.#wait(this.#client.loadAround(seq)))) return;
    this.#render();
    const found = this.#client.messages.find((message) => message.seq === seq);
    const row = found && this.#rows.get(String(found.id));
    if (!row) return notify("This message is not there any more.", "error");
    row.scrollIntoView({ block: "center" });
    row.focus({ preventScroll: true });
    row.classList.add("found");
    setTimeout(() => row.classList.remove("found"), 2_500);
  }

  /** Opens my last message for editing. @returns {boolean} whether there is one */
  editLast() {
    const last = this.#client.messages.findLast(
      (each) => each.sender.id === this.#conversation.me && each.kind === "text" && !each.deleted_at,
    );
    if (last) this.#edit(last.id);
    return Boolean(last);
  }

  // A burst of changes is one rendering.
  #schedule = () => {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#render();
    });
  };

  #render() {
    const { media } = this.#conversation;
    const anchor = this.#anchor();
    const editing = this.#editing ? { id: this.#editing, onSave: this.#saveEdit, onCancel: () => this.#edit(0) } : null;
    this.#rows.show(lines(this.#conversation, { actions: this.#actions, newAfter: this.#newAfter, editing }));
    if (media.size) {
      const shown = new Set(
        this.#client.messages.flatMap(({ attachments }) => attachments.map((each) => each.thumbnail)),
      );
      media.keep((url) => shown.has(url));
    }
    this.#older.hidden = !this.#client.hasMore;
    this.#newer.hidden = !this.#client.hasNewer;
    if (this.#following && !this.#client.hasNewer) return this.#scrollToEnd();
    const node = this.#rows.get(anchor.key); // may be another one now, for the same line
    if (node) this.#scroller.scrollTop += node.getBoundingClientRect().top - anchor.top;
    this.#showJump();
  }

  #showJump() {
    const { hasNewer, messages } = this.#client;
    const isNews = !hasNewer && (messages.at(-1)?.updated_seq ?? 0) > this.#seen;
    this.#jump.hidden = !hasNewer && !isNews;
    this.#jump.replaceChildren(icon("down"), hasNewer ? "To the newest messages" : "New messages");
  }

  /** @param {number} id 0 ends editing */
  #edit(id) {
    this.#editing = id;
    this.#render();
    if (!id) this.onEditEnd();
  }

  #saveEdit = async (/** @type {string} */ text) => {
    await this.#client.edit(this.#editing, text);
    this.#edit(0);
  };

  /** @param {number} id */
  #askToDelete(id) {
    confirmDialog("Delete this message?", "It is gone for everybody, and can't be brought back.", "Delete", async () => {
      await this.#client.delete(id);
      setTimeout(() => this.#rows.get(String(id))?.focus({ preventScroll: true })); // its button can't have it back
    });
  }

  /** @param {Promise<void>} change @returns {Promise<boolean>} whether it succeeded; if not, that was told */
  async #attempt(change) {
    try {
      await change;
      return true;
    } catch (error) {
      notify(/** @type {Error} */ (error).message, "error");
      return false;
    }
  }

  /** Shows that a jump is under way; meanwhile nothing is added at the ends. @param {Promise<void>} loading */
  async #wait(loading) {
    const list = this.#rows.element;
    list.setAttribute("aria-busy", "true"); // old messages are not news: don't read them out
    this.#busy.hidden = false;
    this.#jumping = true;
    const done = await this.#attempt(loading);
    this.#jumping = false;
    this.#busy.hidden = true;
    list.removeAttribute("aria-busy");
    this.#watchEdges();
    return done;
  }

  /** Loads what is beyond the upper or the lower end. @param {Element} edge */
  async #more(edge) {
    const client = this.#client;
    const older = edge === this.#older;
    if (this.#loading || this.#jumping || !(older ? client.hasMore : client.hasNewer)) return;
    this.#loading = true;
    edge.textContent = "Loading …";
    this.#rows.element.setAttribute("aria-busy", "true");
    try {
      await (older ? client.loadOlder() : client.loadNewer());
      this.#watchEdges();
    } catch (error) {
      edge.textContent = `${/** @type {Error} */ (error).message} Try again`;
    }
    this.#rows.element.removeAttribute("aria-busy");
    this.#loading = false;
  }

  /** Loads more once an end is near; an observer reports only changes, so it is asked anew after each page. */
  #watchEdges() {
    this.#older.textContent = "Load older messages";
    this.#newer.textContent = "Load newer messages";
    for (const edge of [this.#older, this.#newer]) {
      this.#edges.unobserve(edge);
      this.#edges.observe(edge);
    }
  }

  #scrollToEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#onScroll();
  }

  #onScroll = () => {
    this.#following = !this.#client.hasNewer && this.#isAtEnd();
    if (!this.#following || document.hidden) return;
    this.#jump.hidden = true;
    const last = this.#client.messages.at(-1);
    if (!last || last.updated_seq === this.#seen) return;
    this.#seen = last.updated_seq;
    this.#client.read(last.seq);
    this.#onRead();
  };

  #isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }

  /** The first line in sight and where it is, to keep it there. */
  #anchor() {
    const edge = this.#scroller.getBoundingClientRect().top;
    for (const node of /** @type {Iterable<HTMLElement>} */ (this.#rows.element.children)) {
      const { top, bottom } = node.getBoundingClientRect();
      if (bottom > edge && !node.classList.contains("day")) return { key: node.dataset.key ?? "", top };
    }
    return { key: "", top: 0 };
  }
}

/** @param {string} label @param {() => void} onclick */
function moreButton(label, onclick) {
  return el("button", { type: "button", class: "older", hidden: true, on: { click: onclick } }, label);
}
