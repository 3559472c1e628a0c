/** Building the page: elements, icons, short notices. Text goes in as text nodes, never as markup. */

/**
 * @param {string} tag
 * @param {Record<string, any>} [props] `class`, `dataset`, `on: {click: fn}`; what the element has as a property is set
 *   as one, everything else (`aria-*`, `role` ...) as an attribute; null and false leave an attribute out
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {any} the element
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === "class") node.className = value;
    else if (name === "dataset") Object.assign(node.dataset, value);
    else if (name === "on") for (const [type, listener] of Object.entries(value)) node.addEventListener(type, listener);
    else if (name in node) /** @type {any} */ (node)[name] = value;
    else if (value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(.../** @type {(Node | string)[]} */ (children.filter((child) => child || child === "")));
  return node;
}

/** Line icons on a 24 x 24 grid, as path data. */
const ICONS = {
  back: "M15 5l-7 7 7 7",
  bubble: "M7 4h10a4 4 0 0 1 4 4v6a4 4 0 0 1-4 4h-5l-5 4v-4a4 4 0 0 1-4-4V8a4 4 0 0 1 4-4z",
  close: "M6 6l12 12M18 6L6 18",
  compass: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM15.5 8.5l-2 5-5 2 2-5z",
  down: "M12 5v14M6 13l6 6 6-6",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  edit: "M4 20l1-4L16 5l3 3L8 19z",
  file: "M7 3h7l4 4v14H7zM14 3v4h4",
  lock: "M7 11V8a5 5 0 0 1 10 0v3M6 11h12v9H6z",
  more: "M5 12v.01M12 12v.01M19 12v.01",
  paperclip: "M20 11l-8.5 8.5a5 5 0 0 1-7-7L13 4a3.5 3.5 0 0 1 5 5l-8.5 8.5a1.8 1.8 0 0 1-2.6-2.6L14 8",
  people:
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20a6.5 6.5 0 0 1 13 0M16 4.3a3.5 3.5 0 0 1 0 6.4M18 14a6.5 6.5 0 0 1 3.5 6",
  pin: "M9 3h6l-1 6 4 4H6l4-4zM12 13v8",
  plus: "M12 5v14M5 12h14",
  reply: "M10 6l-6 6 6 6M4 12h9a7 7 0 0 1 7 7",
  retry: "M20 12a8 8 0 1 1-2.5-5.8M20 3v5h-5",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l5 5",
  send: "M21 3L10 14M21 3l-7 18-4-7-7-4z",
  smile: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8.5 14.5a4.5 4.5 0 0 0 7 0M9 9.5v.5M15 9.5v.5",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  warning: "M12 4l9 16H3zM12 10v4M12 17v.5",
};

/** A decorative icon; the control around it carries the label. @param {keyof typeof ICONS} name */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** A button that shows an icon only. @param {keyof typeof ICONS} name @param {string} label
 * @param {() => void} onclick @param {Record<string, any>} [props] */
export function iconButton(name, label, onclick, props = {}) {
  return el(
    "button",
    {
      type: "button",
      ...props,
      class: `icon-button ${props.class ?? ""}`,
      "aria-label": label,
      title: label,
      on: { click: onclick },
    },
    icon(name),
  );
}

/** Says something for a few seconds at the lower edge. @param {string} text @param {"info" | "error"} [tone] */
export function notify(text, tone = "info") {
  const notice = el("p", { class: `notice ${tone}` }, text);
  const notices = document.getElementById("notices");
  notices?.hidePopover(); // and up again, above a dialog that was opened since
  notices?.showPopover();
  notices?.append(notice);
  setTimeout(() => notice.remove(), 6_000);
}
