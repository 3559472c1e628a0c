/** Where a popover goes: above or below what it belongs to, inside the window. */

const GAP = 6; // pixels

/** @param {HTMLElement} popover shown already @param {HTMLElement} anchor */
export function placeBeside(popover, anchor) {
  const at = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = popover;
  const above = at.top - height - GAP;
  const top = above > GAP ? above : Math.min(at.bottom + GAP, innerHeight - height - GAP);
  const left = Math.min(Math.max(at.right - width, GAP), innerWidth - width - GAP);
  popover.style.top = `${Math.max(top, GAP)}px`;
  popover.style.left = `${left}px`;
}
