/** Whether a key is meant for the page as a whole. */

const FIELDS = 'input:not([type="checkbox"], [type="radio"]), textarea, select, [contenteditable], [role=dialog], [role=listbox], [role=menu]';

/** Somebody types, a shortcut of the browser's is meant, or a dialogue or a menu is open. */
export function isElsewhere(event: KeyboardEvent): boolean {
  const inField = event.target instanceof Element && event.target.closest(FIELDS) !== null;
  return inField || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("[role=dialog], [role=menu]") !== null;
}
