/** The scrolling log: keeps its place when older messages come in above, follows the end while one is there. */

import { el, icon, notify } from "../dom.js";
import { editRow, messageRow, pendingRow } from "./message.js";
import { dayOf } from "./time.js";

/** @typedef {import("../protocol.js").Message} Message */
/** @typedef {{key: string, version: string, make: () => HTMLElement}} Row */

const NEAR = 80; // pixels from the end that count as being there
const GROUP = 5 * 60_000; // milliseconds within which one sender's messages stand together

export class MessageLog {
  /** Where the focus goes after editing. */ onEditEnd = () => this.#scroller.focus({ preventScroll: true });
  #client;
  #me;
  #onRead;
  #newAfter;
  #following = true;
  #loading = false;
  #scheduled = false;
  #editing = 0;
  #seen = 0;
  /** @type {Map<string, {version: string, node: HTMLElement}>} */ #rows = new Map();
  #list = el("ol", {
    class: "messages",
    role: "log",
    "aria-live": "polite",
    "aria-relevant": "additions",
    "aria-label": "Messages",
  });
  #older = el(
    "button",
    { type: "button", class: "older", hidden: true, on: { click: () => this.#loadOlder() } },
    "Load older messages",
  );
  #scroller = el(
    "div",
    { class: "scroller", tabIndex: 0, "aria-label": "Messages, scroll up for older ones", role: "region" },
    this.#older,
    this.#list,
  );
  #jump = el(
    "button",
    { type: "button", class: "jump", hidden: true, on: { click: () => this.toEnd() } },
    icon("down"),
    "New messages",
  );
  #resize = new ResizeObserver(() => this.#following && this.toEnd());
  #top = new IntersectionObserver(([entry]) => entry.isIntersecting && this.#loadOlder(), {
    root: this.#scroller,
    rootMargin: "300px",
  });

  /**
   * @param {import("../chat-client.js").RoomClient} client @param {number} me
   * @param {{unread_count: number, last_read_seq: number}} room as it was when it was opened
   * @param {() => void} onRead called when the newest message is on screen
   */
  constructor(client, me, room, onRead) {
    this.#client = client;
    this.#me = me;
    this.#onRead = onRead;
    this.#newAfter = room.unread_count > 0 ? room.last_read_seq : Infinity;
    this.element = el("div", { class: "log" }, this.#scroller, this.#jump);
    this.#scroller.addEventListener("scroll", this.#onScroll, { passive: true });
    document.addEventListener("visibilitychange", this.#onScroll);
    client.on("change", this.#schedule);
    this.#resize.observe(this.#scroller);
  }

  close() {
    document.removeEventListener("visibilitychange", this.#onScroll);
    this.#resize.disconnect();
    this.#top.disconnect();
  }

  /** @param {import("../chat-client.js").Status} status */
  setStatus(status) {
    if (status === "online") this.#watchTop();
  }

  toEnd() {
    this.#following = true;
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#onScroll();
  }

  /** Opens my last message for editing. @returns {boolean} whether there is one */
  editLast() {
    const last = this.#client.messages.findLast(
      (each) => each.sender.id === this.#me && each.kind === "text" && !each.deleted_at,
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
    const anchor = this.#anchor();
    const seen = new Set();
    let place = this.#list.firstElementChild;
    for (const { key, version, make } of this.#wanted()) {
      seen.add(key);
      let row = this.#rows.get(key);
      if (!row || row.version !== version) {
        const fresh = { version, node: make() };
        fresh.node.dataset.key = key;
        if (row) {
          if (place === row.node) place = fresh.node;
          row.node.replaceWith(fresh.node);
        }
        this.#rows.set(key, (row = fresh));
      }
      if (place === row.node) place = place.nextElementSibling;
      else this.#list.insertBefore(row.node, place);
    }
    for (const [key, { node }] of this.#rows) {
      if (seen.has(key)) continue;
      node.remove();
      this.#rows.delete(key);
    }
    this.#older.hidden = !this.#client.hasMore;
    if (this.#following) this.toEnd();
    else {
      const node = this.#rows.get(anchor.key)?.node; // may be another one now, for the same line
      if (node) this.#scroller.scrollTop += node.getBoundingClientRect().top - anchor.top;
      this.#jump.hidden = (this.#client.messages.at(-1)?.updated_seq ?? 0) <= this.#seen;
    }
  }

  /** @returns {Iterable<Row>} */
  *#wanted() {
    let day = "";
    let isNewMarked = false;
    /** @type {Message | null} */ let before = null;
    for (const message of this.#client.messages) {
      if (dayOf(message.created_at) !== day) {
        day = dayOf(message.created_at);
        before = null;
        const label = day;
        yield {
          key: `day ${message.created_at.slice(0, 10)} ${label}`,
          version: "",
          make: () => el("li", { class: "day" }, el("span", {}, label)),
        };
      }
      if (!isNewMarked && message.seq > this.#newAfter && message.sender.id !== this.#me) {
        isNewMarked = true;
        before = null;
        yield { key: "new", version: "", make: () => el("li", { class: "new-mark" }, el("span", {}, "New")) };
      }
      yield this.#messageRow(message, before !== null && isContinued(before, message));
      before = message;
    }
    for (const item of this.#client.pending) {
      const { client_id } = item;
      yield {
        key: client_id,
        version: item.error ? "failed" : "sending",
        make: () =>
          pendingRow(item, {
            onRetry: () => this.#client.retry(client_id),
            onDiscard: () => this.#client.discard(client_id),
          }),
      };
    }
  }

  /** @param {Message} message @param {boolean} continued @returns {Row} */
  #messageRow(message, continued) {
    const key = String(message.id);
    if (this.#editing === message.id) {
      const onSave = async (/** @type {string} */ text) => {
        await this.#client.edit(message.id, text);
        this.#edit(0);
      };
      return { key, version: "editing", make: () => editRow(message, { onSave, onCancel: () => this.#edit(0) }) };
    }
    const make = () =>
      messageRow(message, {
        me: this.#me,
        continued,
        onEdit: () => this.#edit(message.id),
        onDelete: () => confirm("Delete this message for everybody?") && this.#attempt(this.#client.delete(message.id)),
        onReact: (emoji, on) => this.#attempt(this.#client.react(message.id, emoji, on)),
      });
    return { key, version: `${message.updated_seq} ${continued}`, make };
  }

  /** @param {number} id 0 ends editing */
  #edit(id) {
    this.#editing = id;
    this.#render();
    if (!id) this.onEditEnd();
  }

  /** @param {Promise<void>} change */
  async #attempt(change) {
    await change.catch((/** @type {Error} */ error) => notify(error.message, "error"));
  }

  async #loadOlder() {
    if (this.#loading || !this.#client.hasMore) return;
    this.#loading = true;
    this.#older.textContent = "Loading …";
    this.#list.setAttribute("aria-busy", "true"); // old messages are not news: don't read them out
    try {
      await this.#client.loadOlder();
      this.#watchTop();
    } catch (error) {
      this.#older.textContent = `${/** @type {Error} */ (error).message} Try again`;
    }
    this.#list.removeAttribute("aria-busy");
    this.#loading = false;
  }

  /** Loads more once the upper end is near; an observer reports only changes, so it is asked anew after each page. */
  #watchTop() {
    this.#older.textContent = "Load older messages";
    this.#top.unobserve(this.#older);
    this.#top.observe(this.#older);
  }

  #onScroll = () => {
    this.#following = this.#isAtEnd();
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
    for (const node of /** @type {Iterable<HTMLElement>} */ (this.#list.children)) {
      const { top, bottom } = node.getBoundingClientRect();
      if (bottom > edge && !node.classList.contains("day")) return { key: node.dataset.key ?? "", top };
    }
    return { key: "", top: 0 };
  }
}

/** @param {Message} before @param {Message} message */
function isContinued(before, message) {
  const near = Date.parse(message.created_at) - Date.parse(before.created_at) < GROUP;
  return near && before.kind === "text" && message.kind === "text" && before.sender.id === message.sender.id;
}
