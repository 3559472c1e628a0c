/** A message of mine that is on its way, or was refused. */

import { el, icon } from "../dom.js";
import { textNodes } from "./message-text.js";
import { quoteBlock } from "./quote.js";

/**
 * @param {import("../outbox.js").Pending} item
 * @param {{me: number, onRetry: () => void, onDiscard: () => void}} options
 */
export function pendingRow(item, { me, onRetry, onDiscard }) {
  const { quote, attachments = [] } = item.preview ?? {};
  const failed =
    item.error &&
    el(
      "p",
      { class: "msg-failed", role: "alert" },
      el("span", {}, icon("warning"), item.error.message),
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
          quote && quoteBlock(quote, me),
          ...attachments.map(({ name }) =>
            el("p", { class: "file" }, icon("file"), el("span", { class: "file-name" }, name)),
          ),
          el(
            "div",
            { class: "msg-body" },
            item.message && el("p", { class: "msg-text" }, ...textNodes(item.message)),
            el("p", { class: "msg-meta" }, failed ? "not sent" : "sending …"),
          ),
        ),
      ),
      failed,
    ),
  );
}
