// What the viewer has put by.

import { tweetCard } from "../card.js";
import { h } from "../dom.js";
import { feed } from "../feed.js";
import { run } from "../graphql.js";
import { head } from "./parts.js";

const PAGE = 20;

export function bookmarks(_place, signal) {
  const list = feed({
    label: "Bookmarks",
    load: async (after) => (await run("Bookmarks", { first: PAGE, after })).bookmarks,
    key: (tweet) => tweet.id,
    render: (tweet) => tweetCard(tweet, { signal }),
    empty: "No bookmarks. Nobody but you sees what you keep here.",
    signal,
  });
  return { title: "Bookmarks", element: h("div", {}, head("Bookmarks"), list.element) };
}
