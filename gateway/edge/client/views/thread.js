// A tweet with the conversation above it and the replies below, kept up to date.

import { tweetCard } from "../card.js";
import { composer, published } from "../composer.js";
import { h } from "../dom.js";
import { feed } from "../feed.js";
import { run } from "../graphql.js";
import { live } from "../live.js";
import { viewer } from "../session.js";
import { subscribe } from "../socket.js";
import { tellTweet } from "../tweets.js";
import { head, loading } from "./parts.js";

const PAGE = 20;

export function thread({ parts: [, id] }, signal) {
  const content = loading(async () => {
    const { tweet } = await run("Thread", { id, first: PAGE });
    return tweet ? conversation(tweet, signal) : h("p", { class: "empty" }, "There is no such tweet.");
  }, signal);
  return { title: "Thread", element: h("div", {}, head("Thread", { back: true }), content) };
}

function conversation(tweet, signal) {
  let first = tweet.replies;
  const replies = feed({
    label: "Replies",
    load: async (after) => {
      const page = first ?? (await run("Replies", { id: tweet.id, first: PAGE, after })).tweet.replies;
      first = null;
      return page;
    },
    key: (reply) => reply.id,
    render: (reply) => tweetCard(reply, { signal }),
    empty: "No replies yet.",
    signal,
  });
  async function look() {
    const page = (await run("Replies", { id: tweet.id, first: PAGE })).tweet?.replies;
    if (page && !signal.aborted) replies.prepend(page.nodes);
  }
  const again = () => look().catch(() => {});
  const stop = subscribe("TweetUpdated", () => ({ id: tweet.id }), ({ tweetUpdated }) => {
    const answered = tweetUpdated.replyCount > tweet.replyCount;
    // The counts are everybody's; what the viewer did is known here, maybe sooner.
    tellTweet(tweetUpdated);
    if (answered) again();
    if (tweetUpdated.deleted) stop();
  });
  signal.addEventListener("abort", stop);
  live.addEventListener("again", again, { signal });
  published.addEventListener("tweet", ({ detail }) => detail.inReplyTo?.id === tweet.id && replies.prepend([detail]), { signal });
  return [
    ...tweet.ancestors.map((above) => h("div", { class: "above" }, tweetCard(above, { signal }))),
    tweetCard(tweet, { signal, focal: true }),
    viewer() && !tweet.deleted && composer({ inReplyTo: tweet }),
    replies.element,
  ];
}
