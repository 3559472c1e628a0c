/** Completes `@na` to a member's name: a list over the text box, moved in with the arrow keys. */

import { el, notify } from "../dom.js";
import { avatar } from "./avatar.js";
import { mentionedIn } from "./message-text.js";

/** @typedef {import("../protocol.js").User} User */

const BEGUN = /(?:^|\s)@([^@\n]{0,40})$/;
const SHOWN = 6;

export class MentionList {
  element = el("ul", { class: "mentions", id: "mentions", role: "listbox", "aria-label": "People", hidden: true });
  /** @type {Map<number, User>} */ #chosen = new Map();
  /** @type {readonly User[]} */ #members = [];
  #text;
  #people;
  /** @type {User[]} */ #found = [];
  #active = 0;
  #turn = 0;

  /** @param {HTMLTextAreaElement} text @param {import("../people.js").People} people */
  constructor(text, people) {
    this.#text = text;
    this.#people = people;
    text.setAttribute("aria-autocomplete", "list");
    text.setAttribute("aria-controls", "mentions");
    text.addEventListener("blur", () => this.close());
  }

  /** Looks at what is written before the caret. */
  async update() {
    const turn = ++this.#turn;
    const begun = this.#begun();
    if (begun === null) return this.close();
    try {
      this.#members = await this.#people.members();
      if (turn !== this.#turn) return; // a later keystroke counts
      this.#found = this.#members.filter(({ name }) => matches(name, begun)).slice(0, SHOWN);
    } catch (error) {
      return notify(`The members can't be listed: ${/** @type {Error} */ (error).message}`, "error");
    }
    this.#active = 0;
    this.#show();
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the key was meant for the list */
  takesKey(event) {
    if (this.element.hidden) return false;
    const steps = { ArrowUp: -1, ArrowDown: 1 };
    const step = steps[/** @type {keyof typeof steps} */ (event.key)];
    if (step) {
      this.#active = (this.#active + step + this.#found.length) % this.#found.length;
      this.#show();
    } else if (event.key === "Enter" || event.key === "Tab") this.#choose(this.#found[this.#active]);
    else if (event.key === "Escape") this.close();
    else return false;
    event.preventDefault();
    return true;
  }

  /** Whom a text speaks to; whoever was chosen goes before others of that name. @param {string} text */
  idsIn(text) {
    const others = this.#members.filter((member) => this.chosen.every(({ name }) => name !== member.name));
    return mentionedIn(text, [...this.chosen, ...others]);
  }

  /** Whom the text was made to speak to, by choice from the list. */
  get chosen() {
    return [...this.#chosen.values()];
  }

  set chosen(users) {
    this.#chosen = new Map(users.map((user) => [user.id, user]));
  }

  close() {
    this.#turn++;
    this.#found = [];
    this.#show();
  }

  #begun() {
    const { value, selectionStart, selectionEnd } = this.#text;
    if (selectionStart !== selectionEnd) return null;
    return BEGUN.exec(value.slice(0, selectionStart))?.[1] ?? null;
  }

  #show() {
    this.element.hidden = this.#found.length === 0;
    this.element.replaceChildren(...this.#found.map((user, index) => this.#option(user, index)));
    if (this.element.hidden) this.#text.removeAttribute("aria-activedescendant");
    else this.#text.setAttribute("aria-activedescendant", `mention-${this.#active}`);
  }

  /** @param {User} user @param {number} index */
  #option(user, index) {
    return el(
      "li",
      {
        id: `mention-${index}`,
        role: "option",
        "aria-selected": String(index === this.#active),
        // Not `click`: the text box would lose the focus before.
        on: { pointerdown: (/** @type {Event} */ event) => (event.preventDefault(), this.#choose(user)) },
      },
      avatar(user, "small"),
      user.name,
    );
  }

  /** @param {User} user */
  #choose(user) {
    const begun = this.#begun() ?? "";
    const caret = this.#text.selectionStart;
    this.#chosen.set(user.id, user);
    this.#text.setRangeText(`${user.name} `, caret - begun.length, caret, "end");
    this.close();
  }
}

/** Any word of a name may be the one that is typed. @param {string} name @param {string} begun */
function matches(name, begun) {
  const typed = begun.toLowerCase();
  const words = name.toLowerCase().split(/\s+/);
  return words.some((_, index) => words.slice(index).join(" ").startsWith(typed)) && typed !== name.toLowerCase();
}
