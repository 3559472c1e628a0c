/** A message in a list outside of the log: who, when, the beginning; pressing it goes there. */

import { el } from "../dom.js";
import { avatar } from "./avatar.js";
import { fullTime, shortTime } from "./time.js";

/**
 * @param {import("../protocol.js").Message} message
 * @param {{text: (Node | string)[], where?: string, onOpen: () => void}} options `where`: the room's title
 */
export function foundMessage({ sender, created_at, attachments }, { text, where, onOpen }) {
  const count = attachments.length;
  return el(
    "button",
    { type: "button", class: "found-message", on: { click: onOpen } },
    avatar(sender),
    el(
      "span",
      { class: "found-text" },
      el(
        "span",
        { class: "found-head" },
        el("strong", {}, sender.name),
        where && el("span", {}, where),
        el("time", { dateTime: created_at, title: fullTime(created_at) }, shortTime(created_at)),
      ),
      el("span", { class: "found-body" }, ...text),
      count > 0 && el("span", { class: "file-size" }, count === 1 ? "1 attachment" : `${count} attachments`),
    ),
  );
}
