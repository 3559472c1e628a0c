/** The round pictures of people and rooms. */

import { el } from "../dom.js";

/** A person's picture, or initials on a colour of their own.
 * @param {{id: number, name: string, avatar: string | null}} user @param {"small" | "large" | ""} [size] */
export function avatar(user, size = "") {
  const initials = el(
    "span",
    { class: `avatar ${size}`, "aria-hidden": "true", dataset: { hue: user.id % 8 } },
    letters(user.name),
  );
  if (!user.avatar) return initials;
  const picture = el("img", { class: `avatar ${size}`, src: user.avatar, alt: "", loading: "lazy" });
  picture.addEventListener("error", () => picture.replaceWith(initials));
  return picture;
}

/** A room's picture: the other person of a direct room, else the first letter of its name. @param {any} room */
export function roomBadge(room) {
  return room.peer
    ? avatar(room.peer)
    : el("span", { class: "avatar room", "aria-hidden": "true" }, [...room.name][0]?.toUpperCase() ?? "#");
}

/** @param {string} name */
function letters(name) {
  const words = name.trim().split(/\s+/);
  const chosen = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return chosen
    .map((word) => [...word][0] ?? "")
    .join("")
    .toUpperCase();
}
