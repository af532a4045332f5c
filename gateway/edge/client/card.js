// A tweet as it is shown in every list.

import { doing, toast } from "./announce.js";
import { href } from "./addresses.js";
import { openComposer } from "./composer.js";
import { menu } from "./dialogs.js";
import { freshId, h, icon, mark, unseen } from "./dom.js";
import { ago, count, moment, plural } from "./format.js";
import { watchCard } from "./impressions.js";
import { aboutPerson, avatar, nameLink } from "./person.js";
import { viewer } from "./session.js";
import { textNodes } from "./text.js";
import { changes, remove, signedIn, toggle } from "./tweets.js";

const KEYS = { j: 1, k: -1, PageDown: 1, PageUp: -1 };

/**
 * `retweetedBy` is who brought it here, `focal` makes it the one that a thread is about. The card follows changes until `signal`
 * is aborted, and works by keys while it has the focus: j and k go on and back, l likes, t retweets, r replies, b bookmarks.
 */
export function tweetCard(tweet, { signal, retweetedBy = null, focal = false }) {
  const card = h("article", { class: focal ? "tweet focal" : "tweet", tabindex: "0", "data-tweet": tweet.id });
  let deleted = null;

  function draw() {
    deleted = tweet.deleted;
    card.replaceChildren(...(deleted ? [h("p", { class: "tombstone" }, "This tweet is no longer there.")] : parts()));
    mark(card, "aria-labelledby", deleted ? null : `${byline.id} ${text.id}`);
  }
  const byline = h(
    "div",
    { class: "byline", id: freshId("by") },
    nameLink(tweet.author),
    h("span", { class: "handle" }, `@${tweet.author.handle}`),
    h("a", { class: "when", href: href.tweet(tweet.id), title: moment(tweet.createdAt) }, time(tweet.createdAt)),
  );
  const text = h("p", { class: "text", id: freshId("text"), dir: "auto" }, textNodes(tweet.text, tweet.entities));
  const actions = actionBar(tweet, signal);

  function parts() {
    return [
      retweetedBy && h("p", { class: "context" }, icon("retweet"), h("a", { href: href.profile(retweetedBy.handle) }, h("bdi", {}, retweetedBy.name), " retweeted")),
      avatar(tweet.author),
      h(
        "div",
        { class: "tweet-body" },
        h("header", { class: "tweet-head" }, byline, more(tweet)),
        tweet.inReplyTo && h("p", { class: "context" }, "Replying to ", h("a", { href: href.tweet(tweet.inReplyTo.id) }, `@${tweet.inReplyTo.author.handle}`)),
        text,
        tweet.quoted && quotedTweet(tweet.quoted),
        focal && h("p", { class: "moment" }, moment(tweet.createdAt)),
        actions,
      ),
    ].filter(Boolean);
  }
  draw();
  watchCard(card);
  changes.addEventListener(
    "tweet",
    ({ detail }) => {
      if (detail.id !== tweet.id) return;
      Object.assign(tweet, detail);
      if (tweet.deleted !== deleted) draw();
    },
    { signal },
  );
  card.addEventListener("keydown", (event) => event.target === card && byKey(event, card, tweet));
  card.addEventListener("click", (event) => {
    const elsewhere = event.target.closest("a, button, [role=menu]") || String(getSelection());
    if (!elsewhere && !focal && !tweet.deleted) location.hash = href.tweet(tweet.id);
  });
  return card;
}

/** The moment of a tweet; `main.js` keeps such texts up to date. */
export const time = (iso) => h("time", { datetime: iso, "data-ago": true }, ago(iso));

function quotedTweet(tweet) {
  if (tweet.deleted) return h("div", { class: "quoted" }, h("p", { class: "tombstone" }, "This tweet is no longer there."));
  return h(
    "div",
    { class: "quoted" },
    h("div", { class: "byline" }, avatar(tweet.author, "small"), nameLink(tweet.author), h("span", { class: "handle" }, `@${tweet.author.handle}`), h("a", { class: "when", href: href.tweet(tweet.id), title: moment(tweet.createdAt) }, time(tweet.createdAt))),
    h("p", { class: "text", dir: "auto" }, textNodes(tweet.text, tweet.entities)),
  );
}

function actionBar(tweet, signal) {
  const reply = action("reply", () => openReply(tweet));
  const retweet = action("retweet", () => toggle("retweet", tweet));
  const quote = action("quote", () => openQuote(tweet));
  const like = action("heart", () => toggle("like", tweet));
  const bookmark = action("bookmark", () => toggle("bookmark", tweet));

  function show() {
    reply.say("Reply", tweet.replyCount, "reply", "replies");
    retweet.say("Retweet", tweet.retweetCount, "retweet", "retweets", tweet.viewerRetweeted);
    quote.say("Quote", tweet.quoteCount, "quote", "quotes");
    like.say("Like", tweet.likeCount, "like", "likes", tweet.viewerLiked);
    bookmark.say("Bookmark", 0, "", "", tweet.viewerBookmarked);
  }
  show();
  // After the card, which comes first among the listeners, has taken the change in.
  changes.addEventListener("tweet", ({ detail }) => detail.id === tweet.id && queueMicrotask(show), { signal });
  return h("div", { class: "actions", role: "group", "aria-label": "Actions" }, [reply, retweet, quote, like, bookmark].map((each) => each.button));
}

function action(picture, task) {
  const number = h("span", { class: "count", "aria-hidden": "true" });
  const words = unseen("");
  const button = h("button", { type: "button", class: `action ${picture}`, onclick: doing(task) }, icon(picture), number, words);
  return {
    button,
    say(verb, amount, one, many, pressed) {
      number.textContent = amount ? count(amount) : "";
      button.title = verb;
      words.textContent = amount ? `${verb}, ${plural(amount, one, many)}` : verb;
      if (pressed !== undefined) button.setAttribute("aria-pressed", String(pressed));
    },
  };
}

function more(tweet) {
  return menu(`More about this tweet by @${tweet.author.handle}`, () => [
    ["Copy link", doing(() => copyLink(tweet))],
    ...(viewer()?.id === tweet.author.id ? [["Delete", doing(() => remove(tweet))]] : aboutPerson(tweet.author)),
  ]);
}

async function copyLink(tweet) {
  await navigator.clipboard.writeText(new URL(href.tweet(tweet.id), location.href).href);
  toast("The link is copied.");
}

const openReply = (tweet) => signedIn() && openComposer({ inReplyTo: tweet });
const openQuote = (tweet) => signedIn() && openComposer({ quotes: tweet });

function byKey(event, card, tweet) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (KEYS[event.key]) {
    const cards = [...document.querySelectorAll("main article")];
    cards[cards.indexOf(card) + KEYS[event.key]]?.focus();
  } else {
    const task = {
      Enter: () => (location.hash = href.tweet(tweet.id)),
      l: () => toggle("like", tweet),
      t: () => toggle("retweet", tweet),
      b: () => toggle("bookmark", tweet),
      r: () => openReply(tweet),
    }[event.key];
    if (!task || tweet.deleted) return;
    doing(task)();
  }
  event.preventDefault();
}
