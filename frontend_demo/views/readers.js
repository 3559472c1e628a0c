/** The small pictures under the last message that people have read. */

import { el } from "../dom.js";
import { avatar } from "./avatar.js";

const SHOWN = 5;

/** @param {readonly import("../protocol.js").User[]} readers */
export function readersRow(readers) {
  const more = readers.length - SHOWN;
  const label = `Read by ${readers.map(({ name }) => name).join(", ")}`;
  return el(
    "li",
    { class: "readers", title: label, "aria-live": "off" },
    el("span", { class: "visually-hidden" }, label),
    ...readers.slice(0, SHOWN).map((reader) => avatar(reader, "small")),
    more > 0 && el("span", { class: "readers-more", "aria-hidden": "true" }, `+${more}`),
  );
}
