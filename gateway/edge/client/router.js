// Which view an address shows. Views one has just left are kept, so that going back finds them as they were.

import { placeOf } from "./addresses.js";

const KEPT = 8;

const kept = new Map();
let choose = null;
let main = null;
let current = null;
let titled = null;

/**
 * `view(place, signal)` answers { title, element, shown }: `shown` is called each time that it comes into sight, and `signal` is
 * aborted when it will not come again. `onTitle` hears its title.
 */
export function route(element, view, onTitle) {
  main = element;
  choose = view;
  titled = onTitle;
  history.scrollRestoration = "manual";
  addEventListener("hashchange", () => show(true));
  show(false);
}

/** Forget all views, and show the one of this address anew. */
export function renew() {
  for (const key of [...kept.keys()]) drop(key);
  current = null;
  show(true);
}

function show(moved) {
  if (current) current.scroll = scrollY;
  // An address that one comes back to has its key still; one that was just opened has none.
  const key = history.state?.key ?? crypto.getRandomValues(new Uint32Array(2)).join("");
  history.replaceState({ key }, "");
  let entry = kept.get(key);
  if (!entry) {
    const controller = new AbortController();
    entry = { ...choose(placeOf(location.hash), controller.signal), controller, scroll: 0 };
  }
  kept.delete(key);
  kept.set(key, entry);
  if (kept.size > KEPT) drop(kept.keys().next().value);
  current = entry;
  main.replaceChildren(entry.element);
  titled(entry.title);
  entry.shown?.();
  scrollTo(0, entry.scroll);
  // Who follows a link hears where it led.
  if (moved) main.querySelector("h1")?.focus({ preventScroll: true });
}

function drop(key) {
  kept.get(key).controller.abort();
  kept.delete(key);
}
