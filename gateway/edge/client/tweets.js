// What can be done with a tweet, and who shows it hears of every change.

import { toast } from "./announce.js";
import { confirmed } from "./dialogs.js";
import { mutate } from "./graphql.js";
import { href } from "./addresses.js";
import { viewer } from "./session.js";

/** `tweet` (detail: a tweet's id with its new counts) and `person` (detail: a person's id with their new relation). */
export const changes = new EventTarget();

export const tellTweet = (counts) => changes.dispatchEvent(new CustomEvent("tweet", { detail: counts }));
export const tellPerson = (relation) => changes.dispatchEvent(new CustomEvent("person", { detail: relation }));

const TOGGLES = {
  like: { on: "Like", off: "Unlike", is: "viewerLiked", count: "likeCount" },
  retweet: { on: "Retweet", off: "UndoRetweet", is: "viewerRetweeted", count: "retweetCount" },
  bookmark: { on: "Bookmark", off: "Unbookmark", is: "viewerBookmarked", count: null },
};

/** Whether somebody is signed in; where nobody is, they are shown where they can. */
export function signedIn() {
  if (!viewer()) location.hash = href.signIn;
  return viewer() !== null;
}

/** Like, retweet or bookmark, or take that back: shown at once, and put right by the answer. */
export async function toggle(kind, tweet) {
  if (!signedIn()) return;
  const { on, off, is, count } = TOGGLES[kind];
  const before = { id: tweet.id, [is]: tweet[is], ...(count && { [count]: tweet[count] }) };
  tellTweet({ id: tweet.id, [is]: !before[is], ...(count && { [count]: before[count] + (before[is] ? -1 : 1) }) });
  try {
    const payload = await mutate(before[is] ? off : on, { tweetId: tweet.id });
    refuse(payload);
    tellTweet(payload.tweet);
  } catch (error) {
    tellTweet(before);
    throw error;
  }
}

export async function remove(tweet) {
  if (!(await confirmed("Delete this tweet?", "It goes from everywhere, and can't be brought back.", "Delete"))) return;
  const payload = await mutate("DeleteTweet", { id: tweet.id });
  refuse(payload);
  tellTweet({ ...payload.tweet, deleted: true });
  toast("Your tweet was deleted.");
}

/** Follow, Unfollow, Block, Unblock, Mute or Unmute somebody. */
export async function relate(name, person) {
  if (!signedIn()) return;
  const payload = await mutate(name, { userId: person.id });
  refuse(payload);
  tellPerson(payload.user);
}

export async function block(person) {
  const text = `@${person.handle} will not see what you write, nor you what they write, and neither follows the other any more.`;
  if (await confirmed(`Block @${person.handle}?`, text, "Block")) await relate("Block", person);
}

function refuse({ userErrors }) {
  if (userErrors.length) throw new Error(userErrors[0].message);
}
