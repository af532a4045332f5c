// The home timeline, and the announcement of what has come to its top.

import { say } from "../announce.js";
import { tweetCard } from "../card.js";
import { composer, published } from "../composer.js";
import { h, mark } from "../dom.js";
import { feed } from "../feed.js";
import { run } from "../graphql.js";
import { live } from "../live.js";
import { viewer } from "../session.js";
import { head } from "./parts.js";

const PAGE = 20;
const PAUSE_MS = 300;

const isOwn = ({ tweet, retweetedBy }) => (retweetedBy ?? tweet.author)?.handle === viewer()?.handle;

export function home(_place, signal) {
  const announce = h("button", { type: "button", class: "announce", hidden: true, onclick: showNew });
  const timeline = feed({
    label: "Home timeline",
    load: async (after) => (await run("HomeTimeline", { first: PAGE, after })).homeTimeline,
    key: (entry) => entry.tweet.id,
    render: (entry) => tweetCard(entry.tweet, { signal, retweetedBy: entry.retweetedBy }),
    empty: "Nothing here yet. Follow people, and what they write comes here.",
    signal,
  });
  const element = h("div", {}, head("Home"), composer(), h("div", { class: "announce-place" }, announce), timeline.element);
  const own = new Set();
  let waiting = [];
  // Whether more has come than one page, so that entries would be missing between the new and the old.
  let gap = false;
  let timer = 0;

  /** Look what is at the top by now. Events tell that something came; the timeline itself says what. */
  async function look() {
    await timeline.first;
    const page = (await run("HomeTimeline", { first: PAGE })).homeTimeline;
    if (signal.aborted) return;
    const fresh = page.nodes.filter((entry) => !timeline.has(entry.tweet.id));
    // What is older than all that was read belongs below, and is no news. The viewer's own posts stand on top without having been read.
    const known = page.nodes.findLastIndex(({ tweet: { id } }) => timeline.has(id) && !own.has(id));
    gap = known < 0 && page.pageInfo.hasNextPage;
    waiting = known < 0 ? fresh : fresh.filter((entry) => page.nodes.indexOf(entry) < known);
    if (!gap && waiting.every(isOwn)) {
      for (const { tweet } of waiting) own.add(tweet.id);
      timeline.prepend(waiting);
      waiting = [];
    }
    tell();
  }
  /** What the viewer posted elsewhere waits with the rest, but is no news. */
  function tell() {
    const news = waiting.filter((entry) => !isOwn(entry)).length;
    const words = `${news}${waiting.length >= PAGE ? "+" : ""} new ${news === 1 ? "post" : "posts"}`;
    mark(announce, "hidden", news === 0);
    if (news && announce.textContent !== words) say(words);
    announce.textContent = words;
  }
  async function showNew() {
    const entries = waiting;
    const [first] = entries;
    waiting = [];
    tell();
    scrollTo({ top: 0 });
    if (gap) await timeline.restart();
    else timeline.prepend(entries);
    element.querySelector(`article[data-tweet="${CSS.escape(first.tweet.id)}"]`)?.focus({ preventScroll: true });
  }
  function soon() {
    if (!element.isConnected) return;
    clearTimeout(timer);
    timer = setTimeout(() => look().catch(() => {}), PAUSE_MS);
  }
  live.addEventListener("home", soon, { signal });
  live.addEventListener("again", soon, { signal });
  published.addEventListener(
    "tweet",
    ({ detail }) => {
      own.add(detail.id);
      timeline.prepend([{ tweet: detail, retweetedBy: null }]);
      waiting = waiting.filter((entry) => entry.tweet.id !== detail.id);
      tell();
    },
    { signal },
  );
  let seen = false;
  return { title: "Home", element, shown: () => (seen ? soon() : (seen = true)) };
}
