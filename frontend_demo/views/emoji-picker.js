/** A small emoji picker: groups side by side, arrow keys inside, closed by Escape or a click elsewhere. */

import { el } from "../dom.js";
import { EMOJI, QUICK } from "../emoji.js";
import { placeBeside } from "./place.js";

/** @param {HTMLElement} anchor what it opens at; gets the focus back @param {(emoji: string) => void} onPick */
export function openEmojiPicker(anchor, onPick) {
  const grid = el("div", { class: "emoji-grid", role: "tabpanel" });
  const tabs = EMOJI.map(({ name, emoji }, index) =>
    el(
      "button",
      {
        type: "button",
        class: "emoji",
        role: "tab",
        "aria-label": name,
        title: name,
        on: { click: () => show(index) },
      },
      emoji[0],
    ),
  );
  const picker = el(
    "div",
    { class: "emoji-picker", popover: "auto", role: "dialog", "aria-label": "Choose an emoji" },
    el("div", { class: "emoji-quick" }, ...QUICK.map(choice)),
    el("div", { class: "emoji-groups", role: "tablist", "aria-label": "Groups of emoji" }, ...tabs),
    grid,
  );

  /** @param {number} index of the group */
  function show(index) {
    const { name, emoji } = EMOJI[index];
    tabs.forEach((tab, each) => tab.setAttribute("aria-selected", String(each === index)));
    grid.replaceChildren(...emoji.map(choice));
    grid.setAttribute("aria-label", name);
    grid.scrollTop = 0;
    for (const bar of picker.children) setStop(bar, bar.querySelector("[aria-selected=true]") ?? bar.firstElementChild);
  }

  /** @param {string} emoji */
  function choice(emoji) {
    const pick = () => {
      picker.hidePopover();
      onPick(emoji);
    };
    return el("button", { type: "button", class: "emoji", on: { click: pick } }, emoji);
  }

  picker.addEventListener("keydown", moveByArrows);
  picker.addEventListener("toggle", (/** @type {ToggleEvent} */ event) => {
    if (event.newState === "open") return;
    picker.remove();
    anchor.setAttribute("aria-expanded", "false");
    if (!document.activeElement || document.activeElement === document.body) anchor.focus();
  });
  // In the dialog that it was opened from, if any: outside of that nothing can be clicked.
  (anchor.closest("dialog") ?? document.body).append(picker);
  show(0);
  anchor.setAttribute("aria-expanded", "true"); // its row keeps showing it meanwhile
  picker.showPopover();
  placeBeside(picker, anchor);
  picker.querySelector("button")?.focus();
}

/** Left, right, up and down inside a bar of buttons, each of which is one stop for Tab. @param {KeyboardEvent} event */
function moveByArrows(event) {
  const from = /** @type {HTMLElement} */ (event.target);
  const bar = from.parentElement;
  if (!bar || from.tagName !== "BUTTON") return;
  const buttons = /** @type {HTMLElement[]} */ ([...bar.children]);
  const columns = Math.max(buttons.filter(({ offsetTop }) => offsetTop === buttons[0].offsetTop).length, 1);
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
  const step = steps[/** @type {keyof typeof steps} */ (event.key)];
  const to = step && buttons[buttons.indexOf(from) + step];
  if (step) event.preventDefault();
  if (!to) return;
  setStop(bar, to);
  to.focus();
}

/** @param {Element} bar @param {Element | null} stop */
function setStop(bar, stop) {
  for (const button of bar.children) /** @type {HTMLElement} */ (button).tabIndex = button === stop ? 0 : -1;
}
