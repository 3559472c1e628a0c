/** Where one writes: Enter sends, Shift+Enter breaks the line, ArrowUp in an empty box edits the last message. */

import { el, iconButton } from "../dom.js";

const LENGTH = 4_000; // characters, as the server counts them
const WARN_BELOW = 200;

export class Composer {
  #client;
  #log;
  #text = el("textarea", { rows: 1, "aria-label": "Message", placeholder: "Write a message", autocomplete: "off" });
  #note = el("p", { class: "composer-note", role: "status" });
  #send = iconButton("send", "Send", () => {}, { type: "submit", class: "send" });

  /** @param {import("../chat-client.js").RoomClient} client @param {import("./log.js").MessageLog} log */
  constructor(client, log) {
    this.#client = client;
    this.#log = log;
    this.element = el("form", { class: "composer" }, this.#text, this.#send, this.#note);
    this.element.addEventListener("submit", this.#submit);
    this.#text.addEventListener("keydown", this.#onKey);
    this.#text.addEventListener("input", this.#onInput);
    log.onEditEnd = () => this.#text.focus();
    this.#text.addEventListener("blur", () => client.typing(false));
  }

  focus() {
    queueMicrotask(() => this.#text.focus());
  }

  /** @param {string} why */
  disable(why) {
    this.#text.disabled = this.#send.disabled = true;
    this.#note.textContent = why;
    this.#note.classList.add("error");
  }

  #onInput = () => {
    this.#grow();
    const left = LENGTH - [...this.#text.value.trim()].length;
    this.#note.textContent =
      left < 0 ? `${-left} characters too long` : left < WARN_BELOW ? `${left} characters left` : "";
    this.#note.classList.toggle("error", left < 0);
    this.#send.disabled = left < 0;
    this.#client.typing(this.#text.value !== "");
  };

  #onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing) return; // Enter that ends an input method's word
    if (event.key === "Enter" && !event.shiftKey) this.#submit(event);
    if (event.key === "ArrowUp" && !this.#text.value && this.#log.editLast()) event.preventDefault();
  };

  #submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!this.#text.value.trim() || this.#send.disabled) return;
    this.#client.typing(false);
    this.#client.send(this.#text.value);
    this.#text.value = "";
    this.#onInput();
    this.#log.toEnd();
    this.#text.focus();
  };

  #grow() {
    this.#text.style.height = "auto";
    this.#text.style.height = `${this.#text.scrollHeight}px`;
  }
}
