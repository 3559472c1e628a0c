/** A search box over a list that is fetched as one types. */

import { el, icon } from "../dom.js";

const PAUSE = 250; // milliseconds after the last keystroke

/**
 * @param {object} options
 * @param {string} options.label
 * @param {string} options.nothing said when nothing is found
 * @param {(query: string) => Promise<any[]>} options.find
 * @param {(item: any) => HTMLElement} options.render one row
 * @param {boolean} [options.eager] search for the empty text at once
 */
export function searchList({ label, nothing, find, render, eager = false }) {
  const list = el("ul", { class: "results" });
  const note = el("p", { class: "list-note", role: "status" });
  let latest = 0;
  const search = async (/** @type {string} */ query) => {
    const turn = ++latest;
    if (!query && !eager) {
      list.replaceChildren();
      note.textContent = "";
      return;
    }
    if (!list.hasChildNodes()) note.textContent = "Searching …";
    try {
      const items = await find(query);
      if (turn !== latest) return; // a later answer counts
      list.replaceChildren(...items.map((item) => el("li", {}, render(item))));
      note.textContent = items.length ? "" : nothing;
    } catch (error) {
      if (turn === latest) note.textContent = /** @type {Error} */ (error).message;
    }
  };
  /** @type {ReturnType<typeof setTimeout> | undefined} */ let timer;
  const input = el("input", { type: "search", "aria-label": label, placeholder: label, autocomplete: "off" });
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => search(input.value.trim()), PAUSE);
  });
  if (eager) search("");
  return el("div", { class: "search" }, el("div", { class: "search-box" }, icon("search"), input), note, list);
}

/**
 * A button for a row: busy while `action` runs, its refusal shown beside it.
 * @param {string} label @param {() => Promise<void>} action @param {string} [name] class
 */
export function actionButton(label, action, name = "") {
  const failure = el("span", { class: "row-error", role: "alert" });
  const button = el("button", { type: "button", class: name }, label);
  button.addEventListener("click", async () => {
    button.disabled = true;
    failure.textContent = "";
    try {
      await action();
    } catch (error) {
      failure.textContent = /** @type {Error} */ (error).message;
    } finally {
      button.disabled = false;
    }
  });
  return el("span", { class: "action" }, failure, button);
}
