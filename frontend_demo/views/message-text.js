/** The text of a message as nodes: its addresses as links, the names that it mentions. */

import { el } from "../dom.js";

/** @typedef {import("../protocol.js").User} User */

// Ends with neither punctuation nor a bracket that does not begin in it.
const ADDRESS =
  /(https?:\/\/(?:\([^\s<>"()]*\)|(?!\([^\s<>"()]*\))[^\s<>"])*(?:\([^\s<>"()]*\)|[^\s<>".,;:!?()\]}']))/;

/**
 * @param {string} text
 * @param {readonly User[]} [mentioned] people that it speaks to as `@Name`
 * @param {number} [me] my own name stands out
 * @returns {(string | HTMLElement)[]}
 */
export function textNodes(text, mentioned = [], me = 0) {
  return text
    .split(ADDRESS)
    .flatMap((part, index) =>
      index % 2
        ? [el("a", { href: part, target: "_blank", rel: "noopener noreferrer nofollow" }, part)]
        : mentionNodes(part, mentioned, me),
    );
}

/** The ids of those of `people` that a text speaks to. @param {string} text @param {readonly User[]} people */
export function mentionedIn(text, people) {
  const names = new Set(people.length ? text.match(mentionPattern(people)) : []);
  return people.filter(({ name }) => names.has(`@${name}`)).map(({ id }) => id);
}

/** @param {string} text @param {readonly User[]} people @param {number} me */
function mentionNodes(text, people, me) {
  if (!people.length) return [text];
  return text.split(mentionPattern(people)).map((part, index) => {
    if (!(index % 2)) return part;
    const isMe = people.some(({ id, name }) => id === me && part === `@${name}`);
    return el("span", { class: `mention ${isMe ? "me" : ""}` }, part);
  });
}

/** Finds `@Name` of any of them, the longest name first. @param {readonly User[]} people */
function mentionPattern(people) {
  const names = people
    .map(({ name }) => name.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"))
    .sort((a, b) => b.length - a.length);
  return new RegExp(`(?<![\\p{L}\\p{N}])(@(?:${names.join("|")}))(?![\\p{L}\\p{N}])`, "gu");
}
