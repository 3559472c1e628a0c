/** Previews as `blob:` addresses, for `<img>`: fetched once, given back to the browser when nothing shows them. */

import { download } from "./transfers.js";

export class MediaCache {
  /** @type {Map<string, Promise<string>>} */ #loaded = new Map();
  #api;

  /** @param {import("./rest-client.js").RestClient} api */
  constructor(api) {
    this.#api = api;
  }

  /** @param {string} url of the API @returns {Promise<string>} its `blob:` address; throws `ChatError` */
  load(url) {
    let address = this.#loaded.get(url);
    if (!address) {
      address = download(this.#api, url).then((blob) => URL.createObjectURL(blob));
      this.#loaded.set(url, address);
      address.catch(() => this.#loaded.delete(url)); // the next look tries again
    }
    return address;
  }

  /** Gives up all others. @param {(url: string) => boolean} isShown */
  keep(isShown) {
    for (const [url, address] of this.#loaded) {
      if (isShown(url)) continue;
      this.#loaded.delete(url);
      address.then(URL.revokeObjectURL, () => {});
    }
  }

  get size() {
    return this.#loaded.size;
  }
}
