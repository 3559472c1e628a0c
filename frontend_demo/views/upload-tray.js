/** Files for the next message: each is uploaded at once, with progress, and can be cancelled or tried again. */

import { el, icon, iconButton } from "../dom.js";
import { RETRYABLE } from "../protocol.js";
import { isAbort, sizeText, upload } from "../transfers.js";

/** @typedef {import("../protocol.js").Attachment} Attachment */

const MOST = 10; // attachments of a message

export class UploadTray {
  element = el("ul", { class: "uploads", "aria-label": "Files to send", hidden: true });
  /** @type {Upload[]} */ #uploads = [];
  #api;
  #onChange;

  /** @param {import("../rest-client.js").RestClient} api @param {() => void} onChange */
  constructor(api, onChange) {
    this.#api = api;
    this.#onChange = onChange;
  }

  get isEmpty() {
    return this.#uploads.length === 0;
  }

  /** Why nothing can be sent yet, empty if it can. */
  get obstacle() {
    if (this.#uploads.some(({ state }) => state === "refused")) return "Remove the file that was refused.";
    if (this.#uploads.some(({ state }) => state === "failed")) return "Try the failed upload again, or remove it.";
    return this.#uploads.every(({ state }) => state === "done") ? "" : "Uploading …";
  }

  /** @param {Iterable<File>} files @returns {string} what was left out and why, empty for nothing */
  add(files) {
    const room = MOST - this.#uploads.length;
    const chosen = [...files];
    for (const file of chosen.slice(0, room)) {
      const one = new Upload(this.#api, file, { onChange: () => this.#changed(), onRemove: () => this.#remove(one) });
      this.#uploads.push(one);
      this.element.append(one.element);
      one.start();
    }
    this.#changed();
    return chosen.length > room ? `A message takes ${MOST} files at most.` : "";
  }

  /** What was uploaded; afterwards the tray is empty. @returns {Attachment[]} */
  take() {
    const taken = this.#uploads.flatMap(({ attachment }) => attachment ?? []);
    this.clear();
    return taken;
  }

  clear() {
    this.#uploads.forEach((one) => one.close());
    this.#uploads = [];
    this.element.replaceChildren();
    this.#changed();
  }

  /** @param {Upload} one */
  #remove(one) {
    one.close();
    one.element.remove();
    this.#uploads = this.#uploads.filter((each) => each !== one);
    this.#changed();
  }

  #changed() {
    this.element.hidden = this.isEmpty;
    this.#onChange();
  }
}

class Upload {
  /** @type {"running" | "failed" | "refused" | "done"} */ state = "running";
  /** @type {Attachment | null} */ attachment = null;
  #api;
  #file;
  #onChange;
  #stop = new AbortController();
  #preview = "";
  #bar = el("progress", { max: 1, value: 0 });
  #note = el("span", { class: "file-size", role: "status" });
  #retry = iconButton("retry", "", () => this.start(), { hidden: true });
  #remove;

  /** @param {import("../rest-client.js").RestClient} api @param {File} file
   * @param {{onChange: () => void, onRemove: () => void}} options */
  constructor(api, file, { onChange, onRemove }) {
    this.#api = api;
    this.#file = file;
    this.#onChange = onChange;
    this.#remove = iconButton("close", "", onRemove);
    this.#bar.setAttribute("aria-label", `Uploading ${file.name}`);
    label(this.#retry, `Try again: ${file.name}`);
    if (/^image\/(jpeg|png|gif|webp)$/.test(file.type)) this.#preview = URL.createObjectURL(file);
    this.element = el(
      "li",
      { class: "upload" },
      this.#preview ? el("img", { src: this.#preview, alt: "" }) : icon("file"),
      el("span", { class: "file-text" }, el("span", { class: "file-name" }, file.name), this.#note, this.#bar),
      this.#retry,
      this.#remove,
    );
  }

  async start() {
    this.#stop = new AbortController();
    this.#show("running", sizeText(this.#file.size));
    try {
      const onProgress = (/** @type {number} */ part) => this.#progress(part);
      this.attachment = await upload(this.#api, "attachments", this.#file, { signal: this.#stop.signal, onProgress });
      this.#show("done", sizeText(this.#file.size));
    } catch (error) {
      if (isAbort(error)) return;
      const { code, message, fields } = /** @type {import("../protocol.js").ChatError} */ (error);
      this.#show(RETRYABLE.has(code) ? "failed" : "refused", Object.values(fields)[0] ?? message);
    }
  }

  close() {
    this.#stop.abort();
    URL.revokeObjectURL(this.#preview);
  }

  /** @param {number} part */
  #progress(part) {
    if (part < 1) {
      this.#bar.value = part;
      this.#note.textContent = `${Math.round(part * 100)} % of ${sizeText(this.#file.size)}`;
    } else {
      this.#bar.removeAttribute("value"); // the server looks at it now: nobody knows how long
      this.#note.textContent = "Checking …";
    }
  }

  /** @param {Upload["state"]} state @param {string} note */
  #show(state, note) {
    const { name } = this.#file;
    this.state = state;
    this.#note.textContent = note;
    this.#note.classList.toggle("error", state === "failed" || state === "refused");
    this.#bar.hidden = state !== "running";
    this.#bar.value = 0;
    this.#retry.hidden = state !== "failed";
    label(this.#remove, `${state === "running" ? "Cancel" : "Remove"}: ${name}`);
    this.#onChange();
  }
}

/** @param {HTMLElement} button @param {string} text */
function label(button, text) {
  button.setAttribute("aria-label", text);
  button.title = text;
}
