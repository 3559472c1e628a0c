/** Files to and from the server, with progress. Both stop when their signal says so, with an `AbortError`. */

import { ChatError } from "./protocol.js";
import { unreachable } from "./rest-client.js";

/** @typedef {import("./rest-client.js").RestClient} RestClient */
/** @typedef {{onProgress?: (part: number, bytes: number) => void, signal?: AbortSignal}} Options `part`: 0 to 1 */

/**
 * Uploads a file as multipart. Not with `fetch`, which tells no progress of what it sends.
 * @param {RestClient} api @param {string} path @param {File} file
 * @param {Options & {method?: string, field?: string}} [options]
 * @returns {Promise<any>} the parsed answer; throws `ChatError`
 */
export function upload(api, path, file, { onProgress, signal, method = "POST", field = "file" } = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, `${api.base}/${path}`);
    for (const [name, value] of Object.entries(api.headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", ({ loaded, total }) =>
      onProgress?.(total ? loaded / total : 0, loaded),
    );
    request.addEventListener("error", () => reject(unreachable()));
    request.addEventListener("abort", () => reject(new DOMException("Cancelled", "AbortError")));
    request.addEventListener("load", () => {
      try {
        resolve(api.answer(request.status, request.responseText));
      } catch (error) {
        reject(error);
      }
    });
    signal?.addEventListener("abort", () => request.abort());
    const body = new FormData();
    body.append(field, file);
    request.send(body);
  });
}

/**
 * Fetches a file of the API: with the token in a header, which an `<img>` or a link could not send.
 * @param {RestClient} api @param {string} url @param {Options & {size?: number}} [options] `size` in bytes, for progress
 * @returns {Promise<Blob>} throws `ChatError`
 */
export async function download(api, url, { onProgress, signal, size } = {}) {
  const { href, origin } = new URL(url, location.href);
  if (origin !== location.origin) throw new ChatError({ code: "invalid", message: "This file is not of this server." });
  let response;
  const parts = [];
  try {
    response = await fetch(href, { headers: { ...api.headers, Accept: "*/*" }, signal });
    if (!response.ok) return api.answer(response.status, await response.text());
    let loaded = 0;
    for (const reader = response.body?.getReader(); reader;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      loaded += value.length;
      onProgress?.(size ? Math.min(loaded / size, 1) : 0, loaded);
    }
  } catch (error) {
    if (error instanceof ChatError || signal?.aborted) throw error;
    throw unreachable();
  }
  return new Blob(parts, { type: response.headers.get("Content-Type") ?? "" });
}

/** Gives a file to the person. @param {Blob} file @param {string} name */
export function save(file, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser reads it after the click
}

/** Whether a failure is the person's own doing. @param {unknown} error */
export const isAbort = (error) => error instanceof DOMException && error.name === "AbortError";

/** @param {number} bytes */
export function sizeText(bytes) {
  const units = ["bytes", "kB", "MB", "GB"];
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  const value = bytes / 1000 ** power;
  return `${value.toFixed(power && value < 10 ? 1 : 0)} ${units[power]}`;
}
