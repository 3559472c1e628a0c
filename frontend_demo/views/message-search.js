/** Finding messages, in one room or in all of mine. */

import { el, icon } from "../dom.js";
import { roomTitle } from "../words.js";
import { openDialog } from "./dialog.js";
import { foundMessage } from "./found-message.js";
import { actionButton } from "./search-list.js";

const PAUSE = 300; // milliseconds after the last keystroke

/** @param {import("../app.js").AppType} app @param {any} [room] the one on screen; without it all rooms */
export function messageSearchDialog(app, room) {
  const list = el("ul", { class: "results" });
  const note = el("p", { class: "list-note", role: "status" });
  const input = el("input", {
    type: "search",
    "aria-label": "Search messages",
    placeholder: "Search messages",
    autocomplete: "off",
    maxLength: 200,
  });
  const scope = el(
    "fieldset",
    { class: "scopes" },
    el("legend", { class: "visually-hidden" }, "Where to search"),
    scopeChoice("This room", "room", true),
    scopeChoice("All rooms", "", false),
  );
  const more = actionButton("Show more", () => load(Number(list.lastElementChild.dataset.id)));
  let turn = 0;

  /** @param {number} [before] id of the last message shown; without it from the newest */
  async function load(before) {
    const q = input.value.trim();
    const mine = ++turn;
    if (!before) {
      list.replaceChildren();
      more.hidden = true;
      note.textContent = q ? "Searching …" : "";
    }
    if (!q) return;
    const here = room && scope.querySelector("input").checked;
    const page = await app.api.get("search", { q, ...(here && { room: room.slug }), ...(before && { before }) });
    if (mine !== turn) return; // a later question counts
    list.append(...page.items.map(result));
    more.hidden = !page.has_more;
    note.textContent = list.children.length ? "" : "No message has all these words.";
  }

  async function search() {
    const asked = load();
    const mine = turn;
    await asked.catch((error) => mine === turn && (note.textContent = error.message));
  }

  /** @param {{message: import("../protocol.js").Message, snippet: string}} found */
  function result({ message, snippet }) {
    const onOpen = () => {
      dialog.close();
      app.go(message.room, message.seq);
    };
    const place = app.shell?.rooms.get(message.room);
    const where = place && `in ${roomTitle(place)}`;
    return el(
      "li",
      { dataset: { id: message.id } },
      foundMessage(message, { text: snippetNodes(snippet), where, onOpen }),
    );
  }

  /** @type {ReturnType<typeof setTimeout> | undefined} */ let timer;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, PAUSE);
  });
  scope.addEventListener("change", search);
  more.hidden = true;
  const dialog = openDialog(
    "Search messages",
    el(
      "div",
      { class: "search" },
      el("div", { class: "search-box" }, icon("search"), input),
      room && scope,
      note,
      list,
      more,
    ),
  );
  input.focus();
}

/** @param {string} label @param {string} value @param {boolean} checked */
function scopeChoice(label, value, checked) {
  return el("label", { class: "scope" }, el("input", { type: "radio", name: "scope", value, checked }), label);
}

/** A snippet as nodes. Of its markup only `<mark>` means anything; the rest is text that the server has escaped.
 * @param {string} snippet */
function snippetNodes(snippet) {
  return snippet
    .split(/<mark>(.*?)<\/mark>/s)
    .map((part, index) => (index % 2 ? el("mark", {}, unescaped(part)) : unescaped(part)));
}

const ENTITIES = { "&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"', "&#x27;": "'", "&#39;": "'" };

/** @param {string} text */
function unescaped(text) {
  return text.replace(
    /&(?:lt|gt|amp|quot|#x27|#39);/g,
    (each) => ENTITIES[/** @type {keyof typeof ENTITIES} */ (each)],
  );
}
