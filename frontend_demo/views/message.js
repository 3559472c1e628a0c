/** A message in the log. */

import { el, icon, iconButton } from "../dom.js";
import { systemText } from "../words.js";
import { attachmentList } from "./attachment.js";
import { avatar } from "./avatar.js";
import { openEmojiPicker } from "./emoji-picker.js";
import { textNodes } from "./message-text.js";
import { quoteButton } from "./quote.js";
import { fullTime, timeOf } from "./time.js";

/** @typedef {import("../protocol.js").Message} Message */
/** @typedef {import("../conversation.js").Conversation} Conversation */
/**
 * @typedef {object} Actions what one can do with messages
 * @property {(message: Message) => void} reply
 * @property {(message: Message) => void} edit
 * @property {(message: Message) => void} delete
 * @property {(message: Message, on: boolean) => void} pin
 * @property {(message: Message, emoji: string, on: boolean) => void} react
 * @property {(seq: number) => void} jump
 */

/** A system line. @param {Message} message */
export function systemRow(message) {
  return el("li", { class: "line" }, el("span", { title: fullTime(message.created_at) }, systemText(message)));
}

/**
 * @param {Message} message
 * @param {object} options
 * @param {Conversation} options.conversation
 * @param {Actions} options.actions
 * @param {boolean} options.continued the line before is by the same sender, so the name is not repeated
 * @param {boolean} options.isRead by somebody else
 * @param {readonly import("../protocol.js").User[]} options.mentioned
 */
export function messageRow(message, { conversation, actions, continued, isRead, mentioned }) {
  const { me } = conversation;
  const mine = message.sender.id === me;
  const deleted = Boolean(message.deleted_at);
  const names = [mine && "mine", continued && "continued", message.mention_ids.includes(me) && !deleted && "to-me"];
  return el(
    "li",
    { class: ["msg", ...names].filter(Boolean).join(" "), tabIndex: -1 },
    !mine && (continued ? el("span", { class: "avatar-gap" }) : avatar(message.sender)),
    el(
      "div",
      { class: "msg-main" },
      el("p", { class: mine || continued ? "visually-hidden" : "msg-sender" }, mine ? "You" : message.sender.name),
      el(
        "div",
        { class: "msg-line" },
        deleted ? tombstone(message) : bubble(message, conversation, actions, { isRead, mentioned }),
        !deleted && tools(message, conversation, actions),
      ),
      message.reactions.length > 0 &&
        el(
          "div",
          { class: "reactions" },
          ...message.reactions.map((each) =>
            reactionChip(each, conversation, (on) => actions.react(message, each.emoji, on)),
          ),
        ),
    ),
  );
}

/** @param {Message} message @param {Conversation} conversation @param {Actions} actions
 * @param {{isRead: boolean, mentioned: readonly import("../protocol.js").User[]}} details */
function bubble(message, conversation, actions, { isRead, mentioned }) {
  const { me } = conversation;
  const { quote } = message;
  return el(
    "div",
    { class: "bubble" },
    quote && quoteButton(quote, me, () => actions.jump(quote.seq)),
    message.attachments.length > 0 && attachmentList(message.attachments, conversation),
    el(
      "div",
      { class: "msg-body" },
      message.message && el("p", { class: "msg-text" }, ...textNodes(message.message, mentioned, me)),
      el(
        "p",
        { class: "msg-meta" },
        message.pinned_at && pinMark(),
        message.edited_at && "edited ",
        when(message),
        message.sender.id === me && tick(isRead),
      ),
    ),
  );
}

/** @param {Message} message */
function tombstone(message) {
  return el(
    "div",
    { class: "bubble deleted" },
    el(
      "div",
      { class: "msg-body" },
      el("p", { class: "msg-text" }, "Message deleted"),
      el("p", { class: "msg-meta" }, when(message)),
    ),
  );
}

function pinMark() {
  return el(
    "span",
    { class: "pinned", title: "Pinned" },
    icon("pin"),
    el("span", { class: "visually-hidden" }, "pinned "),
  );
}

/** @param {Message} message */
function when({ created_at }) {
  return el("time", { dateTime: created_at, title: fullTime(created_at) }, timeOf(created_at));
}

/** @param {boolean} isRead */
function tick(isRead) {
  const label = isRead ? "sent, read" : "sent";
  return el(
    "span",
    { class: "tick", role: "img", "aria-label": label, title: isRead ? "Read" : "Sent" },
    isRead ? "✓✓" : "✓",
  );
}

/** @param {Message} message @param {Conversation} conversation @param {Actions} actions */
function tools(message, conversation, actions) {
  const mine = message.sender.id === conversation.me;
  const isPinned = Boolean(message.pinned_at);
  const add = iconButton("smile", "React", () => openEmojiPicker(add, (emoji) => actions.react(message, emoji, true)), {
    "aria-haspopup": "dialog",
    "aria-expanded": "false",
  });
  return el(
    "div",
    { class: "msg-tools" },
    add,
    iconButton("reply", "Reply", () => actions.reply(message)),
    conversation.mayPin && iconButton("pin", isPinned ? "Unpin" : "Pin", () => actions.pin(message, !isPinned)),
    mine && iconButton("edit", "Edit", () => actions.edit(message)),
    (mine || conversation.isModerator) && iconButton("trash", "Delete", () => actions.delete(message)),
  );
}

/**
 * An emoji and how many chose it; pressing it adds or takes back mine.
 * @param {Message["reactions"][number]} reaction
 * @param {Conversation} conversation
 * @param {(on: boolean) => void} onReact
 */
function reactionChip({ emoji, count, user_ids }, { me, people }, onReact) {
  const isMine = user_ids.includes(me);
  const names = user_ids.flatMap((id) => (id === me ? "You" : (people.get(id)?.name ?? [])));
  const props = {
    type: "button",
    class: "reaction",
    title: names.join(", "),
    "aria-pressed": String(isMine),
    on: { click: () => onReact(!isMine) },
  };
  return el("button", props, emoji, el("span", {}, String(count)));
}
