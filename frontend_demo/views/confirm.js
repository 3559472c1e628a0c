/** Asking once more before something that can't be undone. */

import { el } from "../dom.js";
import { openDialog } from "./dialog.js";
import { actionButton } from "./search-list.js";

/**
 * @param {string} title @param {string} text what will happen
 * @param {string} verb on the button
 * @param {() => Promise<void>} action runs while the dialog is open; a refusal is shown there
 */
export function confirmDialog(title, text, verb, action) {
  const cancel = el("button", { type: "button", on: { click: () => dialog.close() } }, "Cancel");
  const act = actionButton(
    verb,
    async () => {
      await action();
      dialog.close();
    },
    "danger",
  );
  const dialog = openDialog(title, el("p", {}, text), el("div", { class: "row end" }, cancel, act));
  cancel.focus();
}
