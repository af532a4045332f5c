// Search by words and operators.

import { tweetCard } from "../card.js";
import { field, form } from "../forms.js";
import { h } from "../dom.js";
import { feed } from "../feed.js";
import { ApiError, run } from "../graphql.js";
import { personRow } from "../person.js";
import { suggestions, trends } from "../aside.js";
import { head, tabs } from "./parts.js";

const PAGE = 20;
const KINDS = [["Top", "TWEETS", "RELEVANCE"], ["Latest", "TWEETS", "LATEST"], ["People", "USERS", "RELEVANCE"]];
const OPERATORS = [
  ["two words", "both of them; the last may be a beginning"],
  ['"a phrase"', "these words together, as written"],
  ["-word", "not this one"],
  ["one OR other", "either of them"],
  ["#tag", "with this hashtag"],
  ["@handle", "which mention them"],
  ["from:handle", "which they wrote"],
  ["to:handle", "which answer them"],
  ["since:2026-01-31", "on that day or later; until: is before it"],
  ["min_likes:10", "with at least so many; also min_retweets:"],
  ["has:links", "with a link"],
  ["is:reply", "which are replies"],
];

export function search({ query: asked }, signal) {
  const query = asked.get("q") ?? "";
  const [type, order] = [asked.get("type") ?? "TWEETS", asked.get("order") ?? "RELEVANCE"];
  const address = (text, kind, sort) => `#/search?${new URLSearchParams({ q: text, type: kind, order: sort })}`;
  const words = field("q", "Search", { type: "search", value: query, maxlength: 512, enterkeyhint: "search", autocomplete: "off", spellcheck: "false" });
  const box = form({
    fields: [words],
    action: "Search",
    send: async ({ q }) => ((location.hash = address(q.trim(), type, order)), []),
    attributes: { role: "search", class: "search-form" },
  });
  const kinds = tabs("Kinds of results", KINDS.map(([text, kind, sort]) => [text, address(query, kind, sort), kind === type && sort === order]));
  const results = () => {
    const list = feed({
      label: "Results",
      load: async (after) => {
        try {
          return (await run("Search", { query, type, order, first: PAGE, after })).search;
        } catch (error) {
          if (!(error instanceof ApiError) || error.code !== "BAD_USER_INPUT") throw error;
          words.fail(error.message);
          // Not searched is not "nothing was found".
          list.element.remove();
          return { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } };
        }
      },
      key: (found) => found.id,
      render: (found) => (found.handle ? personRow(found, signal) : tweetCard(found, { signal })),
      empty: "Nothing was found.",
      signal,
    });
    return list.element;
  };
  const element = h("div", {}, head("Search"), box, help(!query), ...(query ? [kinds, results()] : [trends(), suggestions(signal)]));
  return { title: query ? `${query} · Search` : "Search", element };
}

function help(open) {
  const rows = OPERATORS.map(([operator, meaning]) => [h("dt", {}, h("code", {}, operator)), h("dd", {}, meaning)]);
  return h("details", { class: "operators", open }, h("summary", {}, "What can be searched for"), h("dl", {}, rows.flat()));
}
