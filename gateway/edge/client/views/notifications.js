// What people did with the viewer, live.

import { href } from "../addresses.js";
import { time } from "../card.js";
import { h, icon, unseen } from "../dom.js";
import { feed } from "../feed.js";
import { count } from "../format.js";
import { mutate, run } from "../graphql.js";
import { live, setUnread } from "../live.js";
import { avatar } from "../person.js";
import { head } from "./parts.js";

const PAGE = 20;
const KINDS = {
  MENTION: ["quote", "mentioned you"],
  REPLY: ["reply", "replied to you"],
  QUOTE: ["quote", "quoted you"],
  RETWEET: ["retweet", "retweeted your tweet"],
  LIKE: ["heart", "liked your tweet"],
  FOLLOW: ["person", "followed you"],
  TWEET: ["pen", "posted"],
};

export function notifications(_place, signal) {
  let greatest = null;
  const list = feed({
    label: "Notifications",
    load: async (after) => {
      const page = (await run("Notifications", { first: PAGE, after })).notifications;
      if (!after && page.nodes.length) read(page.nodes[0].id);
      return page;
    },
    key: (one) => one.groupId,
    render: row,
    empty: "Nothing yet. When people like, answer or follow you, it shows here.",
    signal,
  });
  const element = h("div", {}, head("Notifications"), list.element);

  async function read(id) {
    if (greatest !== null && BigInt(id) <= BigInt(greatest)) return;
    greatest = id;
    if (!element.isConnected || document.hidden) return;
    const { unreadCount } = await mutate("MarkNotificationsRead", { upTo: id });
    if (unreadCount !== null) setUnread(unreadCount);
  }
  function put(one) {
    list.remove(one.groupId);
    list.prepend([one]);
    read(one.id).catch(() => {});
  }
  async function look() {
    const page = (await run("Notifications", { first: PAGE })).notifications;
    if (!signal.aborted) [...page.nodes].reverse().forEach(put);
  }
  live.addEventListener("notification", ({ detail }) => put(detail), { signal });
  live.addEventListener("again", () => look().catch(() => {}), { signal });
  let seen = false;
  return { title: "Notifications", element, shown: () => (seen ? look().catch(() => {}) : (seen = true)) };
}

function row(one) {
  const [picture, words] = KINDS[one.kind];
  const [first] = one.actors;
  const others = one.actorCount - 1;
  const who = first ? h("a", { class: "name", href: href.profile(first.handle) }, h("bdi", {}, first.name)) : "Somebody";
  return h(
    "article",
    { class: one.read ? "notification" : "notification unread", tabindex: "0" },
    h("span", { class: `notification-kind kind-${picture}` }, icon(picture)),
    h(
      "div",
      {},
      h("div", { class: "faces" }, one.actors.slice(0, 6).map((person) => avatar(person, "small"))),
      h("p", {}, !one.read && unseen("New: "), who, others > 0 && ` and ${count(others)} ${others === 1 ? "other" : "others"}`, ` ${words} `, time(one.createdAt)),
      one.tweet && !one.tweet.deleted && h("a", { class: "excerpt", href: href.tweet(one.tweet.id), dir: "auto" }, one.tweet.text),
    ),
  );
}
