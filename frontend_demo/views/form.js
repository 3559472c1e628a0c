/** Forms: labelled fields, errors beside the field they are about, a button that shows it is busy. */

import { el, icon } from "../dom.js";

let count = 0;

/**
 * A labelled input with room for its error.
 * @param {{label: string, name: string, hint?: string} & Record<string, any>} options the rest goes to the input
 * @returns {HTMLElement}
 */
export function field({ label, hint, ...props }) {
  const id = `field-${++count}`;
  return el(
    "div",
    { class: "field" },
    el("label", { htmlFor: id }, label),
    el("input", { id, "aria-describedby": `${id}-note`, ...props }),
    el("p", { id: `${id}-note`, class: "field-note", dataset: { hint: hint ?? "" } }, hint ?? ""),
  );
}

/**
 * A labelled choice of one from a short list.
 * @param {string} label @param {string} name @param {[value: string, text: string][]} options the first one is chosen
 * @returns {HTMLElement}
 */
export function choiceField(label, name, options) {
  const id = `field-${++count}`;
  return el(
    "div",
    { class: "field" },
    el("label", { htmlFor: id }, label),
    el("select", { id, name }, ...options.map(([value, text]) => el("option", { value }, text))),
  );
}

/** A radio button with a line of explanation.
 * @param {string} name @param {string} value @param {string} label @param {string} hint @param {boolean} checked */
export function choice(name, value, label, hint, checked) {
  return el(
    "label",
    { class: "choice" },
    el("input", { type: "radio", name, value, checked }),
    el("span", {}, el("strong", {}, label), el("span", {}, hint)),
  );
}

/**
 * A form that calls `action` with its values; a refusal is shown at the fields it names, else above the button.
 * @param {{submit: string, action: (values: Record<string, string>) => Promise<void>, class?: string}} options
 * @param {...HTMLElement} fields
 * @returns {HTMLFormElement}
 */
export function form({ submit, action, class: name = "" }, ...fields) {
  const failure = el("p", { class: "form-error", role: "alert", hidden: true });
  const button = el("button", { type: "submit", class: "primary" }, submit);
  const node = el("form", { class: `form ${name}`, noValidate: true }, ...fields, failure, button);
  node.addEventListener("submit", async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (button.disabled) return;
    showErrors(node, {});
    failure.hidden = true;
    button.disabled = true;
    node.setAttribute("aria-busy", "true");
    try {
      await action(/** @type {any} */ (Object.fromEntries(new FormData(node))));
    } catch (caught) {
      const error = /** @type {import("../protocol.js").ChatError} */ (caught);
      const shown = showErrors(node, error.fields ?? {});
      failure.replaceChildren(icon("warning"), error.message);
      failure.hidden = shown;
    } finally {
      button.disabled = false;
      node.removeAttribute("aria-busy");
    }
  });
  return node;
}

/** @param {HTMLFormElement} node @param {Record<string, string>} fields @returns {boolean} whether all had a place */
function showErrors(node, fields) {
  const rest = { ...fields };
  for (const input of node.querySelectorAll(".field input")) {
    const { name } = /** @type {HTMLInputElement} */ (input);
    const key = Object.keys(rest).find((each) => each === name || each.endsWith(`.${name}`));
    const note = /** @type {HTMLElement} */ (input.nextElementSibling);
    note.textContent = key ? rest[key] : (note.dataset.hint ?? "");
    note.classList.toggle("error", Boolean(key));
    if (key) {
      delete rest[key];
      input.setAttribute("aria-invalid", "true");
    } else input.removeAttribute("aria-invalid");
  }
  /** @type {HTMLElement | null} */ (node.querySelector("[aria-invalid]"))?.focus();
  return Object.keys(fields).length > 0 && Object.keys(rest).length === 0;
}
