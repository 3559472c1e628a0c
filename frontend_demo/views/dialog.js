/** A modal dialog with a title and a close button; the browser keeps the focus in and closes it on Escape. */

import { el, iconButton } from "../dom.js";

/**
 * @param {string} title
 * @param {...(Node | string | null | false | undefined)} children
 * @returns {HTMLDialogElement} open already; gone from the page once closed
 */
export function openDialog(title, ...children) {
  const dialog = el("dialog", { class: "dialog", "aria-label": title });
  dialog.append(
    el(
      "header",
      { class: "dialog-head" },
      el("h2", {}, title),
      iconButton("close", "Close", () => dialog.close()),
    ),
    el("div", { class: "dialog-body" }, ...children),
  );
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (/** @type {Event} */ event) => {
    if (event.target === dialog) dialog.close(); // the backdrop
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
