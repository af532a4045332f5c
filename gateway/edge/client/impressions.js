// What the viewer has seen, told in batches; nothing is told of who is not signed in.

import { freshKey } from "./keys.js";
import { mutate } from "./graphql.js";
import { viewer } from "./session.js";

const EVERY_MS = 10_000;
const MOST = 200;
// A second look within the hour counts nothing, so it is not told.
const FORGET_MS = 3_600_000;

const seen = new Set();
const tweetIds = [];
const profileIds = [];
let batch = null;

const sight = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) if (isIntersecting) note(tweetIds, target.dataset.tweet);
  },
  { threshold: 0.6 },
);

/** Tell of a tweet's card when it comes into sight. */
export const watchCard = (card) => sight.observe(card);
export const sawProfile = (id) => note(profileIds, id);

function note(list, id) {
  if (!viewer() || id === viewer().id || seen.has(id) || tweetIds.length + profileIds.length >= MOST) return;
  seen.add(id);
  list.push(id);
}

async function tell() {
  if (!viewer()) batch = null;
  if (!batch && tweetIds.length + profileIds.length && viewer()) {
    batch = { batchId: freshKey(), tweetIds: tweetIds.splice(0), profileIds: profileIds.splice(0) };
  }
  if (!batch) return;
  try {
    await mutate("RecordImpressions", { input: batch });
    batch = null;
  } catch (error) {
    // The same batch goes again under its name, unless it was the batch that was wrong.
    if (error.code !== "OFFLINE" && error.code !== "UNAVAILABLE") batch = null;
  }
}

setInterval(tell, EVERY_MS);
setInterval(() => seen.clear(), FORGET_MS);
document.addEventListener("visibilitychange", () => document.hidden && tell());
