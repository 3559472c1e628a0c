/** Where one writes: Enter sends, Shift+Enter breaks the line, ArrowUp in an empty box edits the last message. */

import { el, iconButton } from "../dom.js";
import { quoteOf } from "../protocol.js";
import { openEmojiPicker } from "./emoji-picker.js";
import { MentionList } from "./mention-list.js";
import { quoteBlock } from "./quote.js";
import { UploadTray } from "./upload-tray.js";

/** @typedef {import("../protocol.js").Message} Message */
/** @typedef {{text: string, replyTo: Message | null, mentioned: import("../protocol.js").User[]}} Draft */

const LENGTH = 4_000; // characters, as the server counts them
const WARN_BELOW = 200;

export class Composer {
  #conversation;
  #client;
  #log;
  /** @type {Message | null} */ #replyTo = null;
  #disabled = false;
  #text = el("textarea", { rows: 1, "aria-label": "Message", placeholder: "Write a message", autocomplete: "off" });
  #note = el("p", { class: "composer-note", role: "status" });
  #send = iconButton("send", "Send", () => {}, { type: "submit", class: "send" });
  #reply = el("div", { class: "reply-bar", hidden: true });
  #file = el("input", { type: "file", multiple: true, hidden: true, "aria-label": "Files" });
  #attach = iconButton("paperclip", "Attach files", () => this.#file.click());
  #emoji = iconButton("smile", "Insert an emoji", () => openEmojiPicker(this.#emoji, (emoji) => this.#insert(emoji)), {
    "aria-haspopup": "dialog",
    "aria-expanded": "false",
  });
  #mentions;
  #uploads;

  /** @param {import("../conversation.js").Conversation} conversation @param {import("./log.js").MessageLog} log */
  constructor(conversation, log) {
    this.#conversation = conversation;
    this.#client = conversation.client;
    this.#log = log;
    this.#mentions = new MentionList(this.#text, conversation.people);
    this.#uploads = new UploadTray(conversation.api, () => this.#check());
    this.element = el(
      "form",
      { class: "composer" },
      this.#mentions.element,
      this.#reply,
      this.#uploads.element,
      this.#attach,
      el("div", { class: "composer-box" }, this.#text, this.#emoji),
      this.#send,
      this.#file,
      this.#note,
    );
    this.element.addEventListener("submit", this.#submit);
    this.#text.addEventListener("keydown", this.#onKey);
    this.#text.addEventListener("input", this.#onInput);
    this.#text.addEventListener("blur", () => this.#client.typing(false));
    this.#file.addEventListener("change", () => {
      this.attach([...this.#file.files]);
      this.#file.value = "";
    });
    log.onEditEnd = () => this.#text.focus();
    log.onReply = (message) => this.#answer(message);
  }

  close() {
    this.#uploads.clear();
  }

  /** What is written and not sent, for the next time that the room is on screen. @returns {Draft} */
  get draft() {
    return { text: this.#text.value, replyTo: this.#replyTo, mentioned: this.#mentions.chosen };
  }

  /** @param {Draft} draft */
  set draft({ text, replyTo, mentioned }) {
    this.#text.value = text;
    this.#mentions.chosen = mentioned;
    this.#answer(replyTo);
    this.#grow();
    this.#check();
  }

  focus() {
    queueMicrotask(() => this.#text.focus());
  }

  /** Uploads files for the next message. @param {File[]} files */
  attach(files) {
    if (this.#disabled) return;
    const left = this.#uploads.add(files);
    if (left) this.#say(left, true);
    this.#text.focus();
  }

  /** @param {string} why */
  disable(why) {
    this.#disabled = true;
    for (const control of [this.#text, this.#send, this.#attach, this.#emoji]) control.disabled = true;
    this.#say(why, true);
  }

  /** @param {Message | null} message what the next message answers */
  #answer(message) {
    this.#replyTo = message;
    this.#reply.hidden = !message;
    this.#reply.replaceChildren();
    if (!message) return;
    this.#reply.append(
      el("span", { class: "visually-hidden" }, "Reply to"),
      quoteBlock(quoteOf(message), this.#conversation.me),
      iconButton("close", "Don't reply", () => {
        this.#answer(null);
        this.#text.focus();
      }),
    );
    this.#text.focus();
  }

  /** @param {string} emoji */
  #insert(emoji) {
    const { selectionStart, selectionEnd } = this.#text;
    this.#text.setRangeText(emoji, selectionStart, selectionEnd, "end");
    this.#text.focus();
    this.#onInput();
  }

  #onInput = () => {
    this.#grow();
    this.#check();
    this.#mentions.update();
    this.#client.typing(this.#text.value !== "");
  };

  /** Says what is in the way of sending. */
  #check() {
    if (this.#disabled) return;
    const left = LENGTH - [...this.#text.value.trim()].length;
    const { obstacle } = this.#uploads;
    const words = left < 0 ? `${-left} characters too long` : left < WARN_BELOW ? `${left} characters left` : "";
    this.#say(words || (this.#uploads.isEmpty ? "" : obstacle), left < 0);
    this.#send.disabled = left < 0 || (!this.#uploads.isEmpty && obstacle !== "");
  }

  /** @param {string} text @param {boolean} isError */
  #say(text, isError) {
    this.#note.textContent = text;
    this.#note.classList.toggle("error", isError);
  }

  #onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing) return; // Enter that ends an input method's word
    if (this.#mentions.takesKey(event)) return this.#check();
    if (event.key === "Enter" && !event.shiftKey) this.#submit(event);
    if (event.key === "Escape" && this.#replyTo) this.#answer(null);
    if (event.key === "ArrowUp" && !this.#text.value && this.#log.editLast()) event.preventDefault();
  };

  #submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const text = this.#text.value.trim();
    if (this.#send.disabled || (!text && this.#uploads.isEmpty)) return;
    this.#client.typing(false);
    this.#client.send(text, this.#extras(text));
    this.#answer(null);
    this.#mentions.chosen = [];
    this.#text.value = "";
    this.#onInput();
    this.#log.toEnd();
    this.#text.focus();
  };

  /** What goes with the text. @param {string} text */
  #extras(text) {
    const attachments = this.#uploads.take();
    const mentioned = this.#mentions.idsIn(text);
    const quote = this.#replyTo ? quoteOf(this.#replyTo) : undefined;
    return {
      ...(quote && { reply_to: quote.id }),
      ...(attachments.length && { attachment_ids: attachments.map(({ id }) => id) }),
      ...(mentioned.length && { mention_ids: mentioned }),
      ...((quote || attachments.length) && { preview: { quote, attachments } }),
    };
  }

  #grow() {
    this.#text.style.height = "auto";
    this.#text.style.height = `${this.#text.scrollHeight}px`;
  }
}
