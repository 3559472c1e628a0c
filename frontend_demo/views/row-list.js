/** A list whose rows are made anew only when they have changed; arrow keys walk over the messages in it. */

/** `facts`: what the row shows; while they are the same it is kept. `make`: the row, a list item.
 * @typedef {{key: string, facts: readonly unknown[], make: () => HTMLElement}} Row */

export class RowList {
  /** @type {Map<string, {facts: readonly unknown[], node: HTMLElement}>} */ #rows = new Map();

  /** @param {HTMLElement} element the list */
  constructor(element) {
    this.element = element;
    element.addEventListener("keydown", this.#onKey);
    element.addEventListener("focusin", this.#onFocus);
  }

  /** @param {Iterable<Row>} rows */
  show(rows) {
    const seen = new Set();
    let place = this.element.firstElementChild;
    for (const { key, facts, make } of rows) {
      seen.add(key);
      let row = this.#rows.get(key);
      if (!row || !isSame(row.facts, facts)) {
        const fresh = { facts, node: make() };
        fresh.node.dataset.key = key;
        if (row) {
          if (place === row.node) place = fresh.node;
          replace(row.node, fresh.node);
        }
        this.#rows.set(key, (row = fresh));
      }
      if (place === row.node) place = place.nextElementSibling;
      else this.element.insertBefore(row.node, place);
    }
    for (const [key, { node }] of this.#rows) {
      if (seen.has(key)) continue;
      node.remove();
      this.#rows.delete(key);
    }
    if (!this.element.contains(document.activeElement)) this.#stopAt(this.#messages().at(-1));
  }

  /** @param {string} key @returns {HTMLElement | undefined} */
  get(key) {
    return this.#rows.get(key)?.node;
  }

  #messages() {
    return /** @type {HTMLElement[]} */ ([...this.element.querySelectorAll(".msg")]);
  }

  /** Tab stops at one message only. @param {HTMLElement | undefined} message */
  #stopAt(message) {
    for (const node of this.element.querySelectorAll(".msg[tabindex='0']")) node.setAttribute("tabindex", "-1");
    message?.setAttribute("tabindex", "0");
  }

  #onFocus = (/** @type {FocusEvent} */ { target }) => {
    this.#stopAt(/** @type {HTMLElement | undefined} */ (/** @type {Element} */ (target).closest(".msg") ?? undefined));
  };

  #onKey = (/** @type {KeyboardEvent} */ event) => {
    const messages = this.#messages();
    const at = messages.indexOf(/** @type {HTMLElement} */ (event.target));
    if (at < 0) return; // inside of a message the keys are its own
    const goals = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: messages.length - 1 };
    const goal = messages[goals[/** @type {keyof typeof goals} */ (event.key)]];
    if (!goal) return;
    event.preventDefault();
    goal.focus();
  };
}

/** @param {HTMLElement} old @param {HTMLElement} fresh gets the focus if `old` or something in it had it */
function replace(old, fresh) {
  const hadFocus = old.contains(document.activeElement);
  old.replaceWith(fresh);
  if (hadFocus) fresh.focus({ preventScroll: true });
}

/** @param {readonly unknown[]} a @param {readonly unknown[]} b */
function isSame(a, b) {
  return a.length === b.length && a.every((fact, index) => fact === b[index]);
}
