/** The beginning of the message that another one answers. */

import { el } from "../dom.js";

/** @typedef {import("../protocol.js").Quote} Quote */

/** @param {Quote} quote @param {number} me */
function quoteParts({ sender, message, deleted_at }, me) {
  return [
    el("span", { class: "quote-sender" }, sender.id === me ? "You" : sender.name),
    el("span", { class: "quote-text" }, deleted_at ? "Message deleted" : message || "Attachment"),
  ];
}

/** @param {Quote} quote @param {number} me @param {() => void} onJump goes to the whole message */
export function quoteButton(quote, me, onJump) {
  return el(
    "button",
    { type: "button", class: "quote", title: "Go to this message", on: { click: onJump } },
    ...quoteParts(quote, me),
  );
}

/** @param {Quote} quote @param {number} me */
export function quoteBlock(quote, me) {
  return el("div", { class: "quote" }, ...quoteParts(quote, me));
}
