// Focus moves before the next key can arrive: a reader who types "s" and then a site at once must not have the
// first letters taken for actions ("i" inverts, "t" grades, "x" rejects).

import { flushSync } from "svelte";

/** Draw what has just changed and focus the first match of it; nothing happens when there is none. */
export function focusOn(selector: string): void {
  flushSync();
  document.querySelector<HTMLElement | SVGElement>(selector)?.focus();
}
