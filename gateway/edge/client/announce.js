// Short messages, for eyes and for screen readers.

import { h } from "./dom.js";
import { sentence } from "./format.js";

const SECONDS = 6;
const region = document.getElementById("messages");
const spoken = document.getElementById("spoken");

/** Tell of what has just been done, or went wrong; it goes away by itself. */
export function toast(text) {
  const message = h("p", { class: "toast" }, sentence(text));
  region.append(message);
  while (region.children.length > 3) region.firstChild.remove();
  setTimeout(() => message.remove(), SECONDS * 1000);
}

/** Told to screen readers alone, where eyes see it elsewhere. */
export function say(text) {
  spoken.textContent = "";
  requestAnimationFrame(() => (spoken.textContent = text));
}

/** A listener that does `task`, one at a time, and tells of its failure. */
export function doing(task) {
  let busy = false;
  return async (event) => {
    event?.preventDefault();
    if (busy) return;
    busy = true;
    try {
      await task(event);
    } catch (error) {
      toast(error.message);
    } finally {
      busy = false;
    }
  };
}
