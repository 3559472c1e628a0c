/** What was sent along: pictures as previews that open large, other files by name. */

import { el, icon, iconButton, notify } from "../dom.js";
import { download, isAbort, save, sizeText } from "../transfers.js";
import { openDialog } from "./dialog.js";

/** @typedef {import("../protocol.js").Attachment} Attachment */
/** @typedef {import("../conversation.js").Conversation} Conversation */

const LARGEST = { width: 320, height: 260 }; // pixels of a preview

/** @param {readonly Attachment[]} attachments @param {Conversation} conversation */
export function attachmentList(attachments, conversation) {
  return el(
    "ul",
    { class: "attachments", "aria-label": "Attachments" },
    ...attachments.map((each) =>
      el("li", {}, each.thumbnail ? pictureButton(each, conversation) : fileRow(each, conversation)),
    ),
  );
}

/** @param {Attachment} attachment @param {Conversation} conversation */
function pictureButton(attachment, conversation) {
  const { name, thumbnail, width, height } = attachment;
  const scale = Math.min(LARGEST.width / (width ?? 1), LARGEST.height / (height ?? 1), 1);
  const picture = el("img", {
    alt: name,
    width: Math.round((width ?? 1) * scale),
    height: Math.round((height ?? 1) * scale),
  });
  const note = el("span", { class: "picture-note" }, "Loading …");
  const button = el(
    "button",
    {
      type: "button",
      class: "picture loading",
      title: name,
      on: { click: () => pictureDialog(attachment, conversation) },
    },
    picture,
    note,
  );
  const watch = new IntersectionObserver(
    async ([{ isIntersecting }]) => {
      if (!isIntersecting) return;
      watch.disconnect();
      try {
        picture.src = await conversation.media.load(/** @type {string} */ (thumbnail));
        await picture.decode();
        button.classList.remove("loading");
        note.textContent = "";
      } catch (error) {
        note.textContent = `No preview: ${/** @type {Error} */ (error).message}`;
      }
    },
    { rootMargin: "300px" },
  );
  watch.observe(button);
  return button;
}

/** The picture as large as the window allows. @param {Attachment} attachment @param {Conversation} conversation */
function pictureDialog(attachment, conversation) {
  const stop = new AbortController();
  const note = el("p", { class: "list-note", role: "status" }, "Loading …");
  const bar = el("progress", { max: 1, value: 0, "aria-label": `Loading ${attachment.name}` });
  const stage = el("div", { class: "stage" }, bar, note);
  let address = "";
  const dialog = openDialog(
    attachment.name,
    stage,
    el("div", { class: "row" }, downloadButton(attachment, conversation)),
  );
  dialog.classList.add("large");
  dialog.addEventListener("close", () => {
    stop.abort();
    URL.revokeObjectURL(address);
  });
  const options = {
    signal: stop.signal,
    size: attachment.size,
    onProgress: (/** @type {number} */ part) => (bar.value = part),
  };
  download(conversation.api, attachment.url, options)
    .then((blob) => {
      address = URL.createObjectURL(blob);
      stage.replaceChildren(el("img", { src: address, alt: attachment.name }));
    })
    .catch((error) => {
      bar.remove();
      if (!isAbort(error)) note.textContent = error.message;
    });
}

/** @param {Attachment} attachment @param {Conversation} conversation */
function fileRow(attachment, conversation) {
  return el(
    "div",
    { class: "file" },
    icon("file"),
    el(
      "span",
      { class: "file-text" },
      el("span", { class: "file-name" }, attachment.name),
      el("span", { class: "file-size" }, sizeText(attachment.size)),
    ),
    downloadButton(attachment, conversation),
  );
}

/** Says how far it is; pressed again it stops. @param {Attachment} attachment @param {Conversation} conversation */
function downloadButton({ name, url, size }, { api }) {
  const label = `Download ${name}`;
  /** @type {AbortController | null} */ let running = null;
  const part = el("span", { class: "file-progress", role: "status" });
  const button = iconButton("download", label, async () => {
    if (running) return running.abort();
    running = new AbortController();
    button.setAttribute("aria-label", `Cancel: ${label}`);
    try {
      const onProgress = (/** @type {number} */ done) => (part.textContent = `${Math.round(done * 100)} %`);
      save(await download(api, url, { signal: running.signal, size, onProgress }), name);
    } catch (error) {
      if (!isAbort(error)) notify(`${name}: ${/** @type {Error} */ (error).message}`, "error");
    }
    running = null;
    part.textContent = "";
    button.setAttribute("aria-label", label);
  });
  return el("span", { class: "download" }, part, button);
}
