// A person, and what they wrote, answered and liked.

import { tweetCard } from "../card.js";
import { href } from "../addresses.js";
import { h } from "../dom.js";
import { feed } from "../feed.js";
import { count, month, plural } from "../format.js";
import { run } from "../graphql.js";
import { sawProfile } from "../impressions.js";
import { avatar, followButton, onPerson, personMenu, personRow, verifiedSign } from "../person.js";
import { viewer } from "../session.js";
import { outward } from "../text.js";
import { head, loading, tabs } from "./parts.js";

const PAGE = 20;
const LISTS = {
  "": { document: "Profile", of: (user) => user.timeline, empty: "No tweets yet." },
  replies: { document: "ProfileReplies", of: (user) => user.replies, empty: "No replies yet." },
  likes: { document: "ProfileLikes", of: (user) => user.likes, empty: "No likes yet." },
};
const PEOPLE = {
  followers: { document: "Followers", of: (user) => user.followers, empty: "Nobody follows them yet." },
  following: { document: "Following", of: (user) => user.following, empty: "They follow nobody yet." },
};

export function profile({ parts: [name, tab = ""] }, signal) {
  const handle = name.slice(1);
  const title = h("span", {}, `@${handle}`);
  const content = loading(async () => {
    const { user } = await run("Profile", { handle, first: PAGE });
    if (!user) return h("p", { class: "empty" }, `Nobody is called @${handle}.`);
    sawProfile(user.id);
    title.replaceChildren(h("bdi", {}, user.name));
    return PEOPLE[tab] ? [subtabs(user, tab), people(user, tab, signal)] : [about(user, signal), subtabs(user, tab), tweets(user, tab, signal)];
  }, signal);
  return { title: `@${handle}`, element: h("div", {}, head(title, { back: true }), content) };
}

function subtabs(user, tab) {
  const entries = PEOPLE[tab]
    ? [["Followers", "followers"], ["Following", "following"]]
    : [["Tweets", ""], ["Replies", "replies"], ["Likes", "likes"]];
  return tabs(`Parts of @${user.handle}`, entries.map(([text, of]) => [text, href.profile(user.handle, of), of === tab]));
}

function about(user, signal) {
  const followers = h("a", { href: href.profile(user.handle, "followers") });
  const own = viewer()?.id === user.id;
  const show = () => (followers.textContent = plural(user.followerCount, "follower"));
  show();
  onPerson(user, signal, show);
  const site = user.website && outward(user.website);
  return h(
    "section",
    { class: "profile", "aria-label": `About @${user.handle}` },
    h("div", { class: "profile-top" }, avatar(user, "large"), h("div", { class: "row" }, own ? h("a", { class: "button", href: href.settings }, "Edit profile") : [viewer() && personMenu(user), followButton(user, signal)])),
    h("p", { class: "profile-name" }, h("bdi", {}, user.name), verifiedSign(user)),
    h("p", { class: "handle" }, `@${user.handle}`, user.followsViewer && h("span", { class: "tag" }, "Follows you")),
    user.bio && h("p", { class: "bio", dir: "auto" }, user.bio),
    h("p", { class: "facts" }, user.location && h("span", { dir: "auto" }, user.location), site, h("span", {}, `Joined ${month(user.createdAt)}`)),
    h("p", { class: "facts strong" }, h("a", { href: href.profile(user.handle, "following") }, `${count(user.followingCount)} following`), followers, h("span", {}, plural(user.tweetCount, "tweet"))),
  );
}

function tweets(user, tab, signal) {
  const { document, of, empty } = LISTS[tab] ?? LISTS[""];
  let first = tab ? null : user.timeline;
  return feed({
    label: `@${user.handle}: ${tab || "tweets"}`,
    load: async (after) => {
      const page = first ?? of((await run(document, { handle: user.handle, first: PAGE, after })).user);
      first = null;
      return page;
    },
    key: (node) => (node.tweet ?? node).id,
    render: (node) => tweetCard(node.tweet ?? node, { signal, retweetedBy: node.retweetedBy }),
    empty,
    signal,
  }).element;
}

function people(user, tab, signal) {
  const { document, of, empty } = PEOPLE[tab];
  return feed({
    label: `@${user.handle}: ${tab}`,
    load: async (after) => of((await run(document, { handle: user.handle, first: PAGE, after })).user),
    key: (person) => person.id,
    render: (person) => personRow(person, signal),
    empty,
    signal,
  }).element;
}
