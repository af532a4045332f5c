// What stands beside the views on a wide screen.

import { href } from "./addresses.js";
import { h } from "./dom.js";
import { plural } from "./format.js";
import { run } from "./graphql.js";
import { personRow } from "./person.js";
import { viewer } from "./session.js";

/** Whom the viewer may want to follow; it stays empty for who is not signed in. */
export function suggestions(signal) {
  const panel = h("section", { class: "panel suggestions", hidden: true });
  if (viewer()) {
    run("Suggestions", { first: 3 })
      .then((data) => {
        panel.replaceChildren(h("h2", {}, "People to follow"), ...data.suggestions.map((person) => personRow(person, signal)));
        panel.hidden = data.suggestions.length === 0;
      })
      .catch(() => {});
  }
  return panel;
}

/** The hashtags that rise, for everybody. */
export function trends() {
  const panel = h("section", { class: "panel trends", hidden: true });
  run("Trends", { first: 5 })
    .then((data) => {
      const entries = data.trends.map(({ hashtag, tweetCount }) =>
        h("li", {}, h("a", { class: "name", href: href.search(`#${hashtag.tag}`) }, `#${hashtag.tag}`), h("span", { class: "hint" }, plural(tweetCount, "tweet"))),
      );
      panel.replaceChildren(h("h2", {}, "Rising"), h("ol", {}, entries));
      panel.hidden = entries.length === 0;
    })
    .catch(() => {});
  return panel;
}

export function quickSearch() {
  const input = h("input", { type: "search", name: "q", "aria-label": "Search Murmur", placeholder: "Search", maxlength: "512", autocomplete: "off" });
  return h(
    "form",
    {
      role: "search",
      class: "quick-search",
      "aria-label": "Everywhere",
      onsubmit: (event) => {
        event.preventDefault();
        if (input.value.trim()) location.hash = href.search(input.value.trim());
        input.value = "";
      },
    },
    input,
  );
}
