/** Files that are dragged over the room and dropped, or pasted. */

import { el, icon } from "../dom.js";

/** @param {HTMLElement} zone @param {(files: File[]) => void} onFiles */
export function dropZone(zone, onFiles) {
  const veil = el("div", { class: "drop-veil", hidden: true }, icon("paperclip"), "Drop files to send them");
  let depth = 0; // the pointer enters a child before it leaves its parent
  const show = (/** @type {number} */ now) => {
    depth = Math.max(now, 0);
    veil.hidden = depth === 0;
  };
  const onDrag = (/** @type {DragEvent} */ event, /** @type {number} */ step) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    show(depth + step);
  };
  zone.addEventListener("dragenter", (event) => onDrag(event, 1));
  zone.addEventListener("dragover", (event) => onDrag(event, 0));
  zone.addEventListener("dragleave", (event) => onDrag(event, -1));
  zone.addEventListener("drop", (event) => {
    onDrag(event, 0);
    show(0);
    give(event.dataTransfer);
  });
  zone.addEventListener("paste", (event) => {
    if (!isText(event.clipboardData) && give(event.clipboardData)) event.preventDefault();
  });
  zone.append(veil);

  /** @param {DataTransfer | null} data @returns {boolean} whether there were files in it */
  function give(data) {
    const files = [...(data?.files ?? [])];
    if (files.length) onFiles(files);
    return files.length > 0;
  }
}

/** Whether it is written text; spreadsheets put a picture of it beside. @param {DataTransfer | null} data */
function isText(data) {
  return Boolean(data?.types.includes("text/plain") && data.types.includes("text/html"));
}
