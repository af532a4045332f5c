// What views are made of.

import { h, icon } from "../dom.js";
import { sentence } from "../format.js";

/** A view's head: its name, which takes the focus when one comes here, and a way back where one comes from elsewhere. */
export function head(title, { back = false } = {}) {
  const button = h("button", { type: "button", class: "round back", "aria-label": "Back", onclick: () => history.back() }, icon("back"));
  return h("header", { class: "view-head" }, back && history.length > 1 && button, h("h1", { tabindex: "-1" }, title));
}

/** Links between the parts of one thing: [label, address, whether it is this one]. */
export function tabs(label, entries) {
  return h(
    "nav",
    { class: "tabs", "aria-label": label },
    entries.map(([text, address, here]) => h("a", { href: address, "aria-current": here ? "page" : null }, text)),
  );
}

/** Where something stands that must be asked for first: `load` answers what to show. */
export function loading(load, signal) {
  const place = h("div", { class: "loading", "aria-busy": "true" }, h("div", { class: "spinner" }));
  async function fill() {
    try {
      const found = await load();
      if (!signal.aborted) place.replaceChildren(...[found].flat().filter(Boolean));
    } catch (error) {
      place.replaceChildren(
        h("div", { class: "failure", role: "alert" }, h("p", {}, sentence(error.message)), h("button", { type: "button", class: "quiet", onclick: fill }, "Try again")),
      );
    } finally {
      place.removeAttribute("aria-busy");
      place.classList.remove("loading");
    }
  }
  fill();
  return place;
}
