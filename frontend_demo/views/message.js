/** One line of the log: a message, one on its way, a system line. */

import { el, icon, iconButton } from "../dom.js";
import { systemText } from "../room-list.js";
import { avatar } from "./avatar.js";
import { fullTime, timeOf } from "./time.js";

/** @typedef {import("../protocol.js").Message} Message */
/** @typedef {import("../outbox.js").Pending} Pending */

/**
 * @param {Message} message
 * @param {object} options
 * @param {number} options.me
 * @param {boolean} options.continued the line before is by the same sender, so the name is not repeated
 * @param {() => void} options.onEdit
 * @param {() => void} options.onDelete
 * @param {(emoji: string, on: boolean) => void} options.onReact
 */
export function messageRow(message, { me, continued, onEdit, onDelete, onReact }) {
  const mine = message.sender.id === me;
  if (message.kind !== "text")
    return el("li", { class: "line" }, el("span", { title: fullTime(message.created_at) }, systemText(message)));
  const deleted = Boolean(message.deleted_at);
  return el(
    "li",
    { class: `msg ${mine ? "mine" : ""} ${continued ? "continued" : ""}` },
    !mine && (continued ? el("span", { class: "avatar-gap" }) : avatar(message.sender)),
    el(
      "div",
      { class: "msg-main" },
      el("p", { class: mine || continued ? "visually-hidden" : "msg-sender" }, mine ? "You" : message.sender.name),
      el(
        "div",
        { class: "msg-line" },
        el(
          "div",
          { class: `bubble ${deleted ? "deleted" : ""}`, tabindex: mine && !deleted && "-1" }, // a tap shows the tools
          el("p", { class: "msg-text" }, ...(deleted ? ["Message deleted"] : linked(message.message))),
          el(
            "p",
            { class: "msg-meta" },
            message.edited_at && !deleted && "edited ",
            el(
              "time",
              { dateTime: message.created_at, title: fullTime(message.created_at) },
              timeOf(message.created_at),
            ),
            mine && el("span", { class: "tick", role: "img", "aria-label": "sent", title: "Sent" }, "✓"),
          ),
        ),
        mine &&
          !deleted &&
          el(
            "div",
            { class: "msg-tools" },
            iconButton("edit", "Edit", onEdit),
            iconButton("trash", "Delete", onDelete),
          ),
      ),
      message.reactions.length > 0 &&
        el("div", { class: "reactions" }, ...message.reactions.map((each) => reactionChip(each, me, onReact))),
    ),
  );
}

/**
 * An emoji and how many chose it; pressing it adds or takes back mine.
 * @param {Message["reactions"][number]} reaction
 * @param {number} me
 * @param {(emoji: string, on: boolean) => void} onReact
 */
function reactionChip({ emoji, count, user_ids }, me, onReact) {
  const isMine = user_ids.includes(me);
  const props = {
    type: "button",
    class: "reaction",
    "aria-pressed": String(isMine),
    on: { click: () => onReact(emoji, !isMine) },
  };
  return el("button", props, emoji, el("span", {}, String(count)));
}

/** @param {Pending} item @param {{onRetry: () => void, onDiscard: () => void}} options */
export function pendingRow(item, { onRetry, onDiscard }) {
  const failed =
    item.error &&
    el(
      "p",
      { class: "msg-failed", role: "alert" },
      icon("warning"),
      el("span", {}, item.error.message),
      el("button", { type: "button", class: "link", on: { click: onRetry } }, "Retry"),
      el("button", { type: "button", class: "link", on: { click: onDiscard } }, "Discard"),
    );
  return el(
    "li",
    { class: `msg mine pending ${failed ? "failed" : ""}` },
    el(
      "div",
      { class: "msg-main" },
      el(
        "div",
        { class: "msg-line" },
        el(
          "div",
          { class: "bubble" },
          el("p", { class: "msg-text" }, ...linked(item.message)),
          el("p", { class: "msg-meta" }, failed ? "not sent" : "sending …"),
        ),
      ),
      failed,
    ),
  );
}

/**
 * A message being edited in place.
 * @param {Message} message @param {{onSave: (text: string) => Promise<void>, onCancel: () => void}} options
 */
export function editRow(message, { onSave, onCancel }) {
  const text = el("textarea", {
    "aria-label": "Edit message",
    value: message.message,
    rows: Math.min(message.message.split("\n").length + 1, 8),
  });
  const failure = el("p", { class: "form-error", role: "alert", hidden: true });
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    try {
      await onSave(text.value);
    } catch (error) {
      failure.textContent = /** @type {Error} */ (error).message;
      failure.hidden = false;
    }
  };
  text.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Escape") onCancel();
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) save(event);
  });
  const row = el(
    "li",
    { class: "msg mine editing" },
    el(
      "form",
      { class: "msg-main", on: { submit: save } },
      text,
      failure,
      el(
        "div",
        { class: "row" },
        el("button", { type: "button", on: { click: onCancel } }, "Cancel"),
        el("button", { type: "submit", class: "primary" }, "Save"),
      ),
    ),
  );
  queueMicrotask(() => text.focus());
  return row;
}

/** Text with its http(s) addresses as links. @param {string} text @returns {(string | HTMLElement)[]} */
function linked(text) {
  return text
    .split(/(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]}'])/)
    .map((part, index) =>
      index % 2 ? el("a", { href: part, target: "_blank", rel: "noopener noreferrer nofollow" }, part) : part,
    );
}
