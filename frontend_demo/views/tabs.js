/** Tabs: one panel at a time, arrow keys go from tab to tab. */

import { el } from "../dom.js";

let count = 0;

/**
 * @param {string} label
 * @param {[name: string, make: () => HTMLElement][]} pages a page is made when it is shown for the first time
 * @param {string} [first] name of the page that is shown first
 * @returns {HTMLElement}
 */
export function tabs(label, pages, first) {
  const id = `tabs-${++count}`;
  const panels = pages.map((_, index) =>
    el("div", {
      id: `${id}-panel-${index}`,
      class: "tab-panel",
      role: "tabpanel",
      "aria-labelledby": `${id}-${index}`,
    }),
  );
  const buttons = pages.map(([name], index) =>
    el(
      "button",
      {
        id: `${id}-${index}`,
        type: "button",
        role: "tab",
        "aria-controls": `${id}-panel-${index}`,
        on: { click: () => show(index) },
      },
      name,
    ),
  );

  /** @param {number} chosen */
  function show(chosen) {
    if (!panels[chosen].hasChildNodes()) panels[chosen].append(pages[chosen][1]());
    buttons.forEach((button, index) => {
      button.setAttribute("aria-selected", String(index === chosen));
      button.tabIndex = index === chosen ? 0 : -1;
      panels[index].hidden = index !== chosen;
    });
  }

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = (buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length;
    show(next);
    buttons[next].focus();
  }

  const start = pages.findIndex(([name]) => name === first);
  show(Math.max(start, 0));
  const list = el(
    "div",
    { class: "tab-list", role: "tablist", "aria-label": label, on: { keydown: onKey } },
    ...buttons,
  );
  return el("div", { class: "tabs" }, list, ...panels);
}
