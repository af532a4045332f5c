// Where tweets, replies and quotes are written.

import { say, toast } from "./announce.js";
import { dialog } from "./dialogs.js";
import { freshId, h, mark } from "./dom.js";
import { sentence } from "./format.js";
import { ApiError, mutate } from "./graphql.js";
import { freshKey } from "./keys.js";
import { avatar } from "./person.js";
import { viewer } from "./session.js";
import { weigher } from "./weight.js";

const NEAR = 20;

/** `tweet` (detail: a tweet that the viewer has just published). */
export const published = new EventTarget();

/** A form. `inReplyTo` and `quotes` are tweets; `done` is called when it was sent. */
export function composer({ inReplyTo = null, quotes = null, done = () => {}, autofocus = false } = {}) {
  const id = freshId("text");
  const label = inReplyTo ? `Reply to @${inReplyTo.author.handle}` : quotes ? `Quote @${quotes.author.handle}` : "What is happening?";
  const error = h("p", { class: "field-error", id: `${id}-error`, role: "alert" });
  const left = h("span", { class: "left", id: `${id}-left` });
  const button = h("button", { type: "submit", class: "primary" }, inReplyTo ? "Reply" : "Post");
  const text = h("textarea", {
    id,
    name: "text",
    rows: "2",
    dir: "auto",
    placeholder: label,
    autofocus,
    "aria-label": label,
    "aria-describedby": `${id}-left ${id}-error`,
    "aria-keyshortcuts": "Control+Enter",
  });
  const element = h(
    "form",
    { class: "composer", novalidate: true },
    avatar(viewer()),
    h("div", { class: "composer-body" }, text, error, h("div", { class: "row end" }, left, button)),
  );
  let weigh = null;
  let room = null;
  // The same content sent again is the same tweet, whatever became of the answer to the first try.
  let key = null;

  function fail(message) {
    error.textContent = message ? sentence(message) : "";
    mark(text, "aria-invalid", message ? "true" : null);
  }
  function measure() {
    if (!weigh) return;
    const { weight, most } = weigh(text.value);
    const before = room;
    room = most - weight;
    left.textContent = String(room);
    mark(left, "data-near", room <= NEAR);
    mark(left, "data-over", room < 0);
    left.setAttribute("aria-label", `${room} characters left`);
    if (before !== null && ((before >= 0 && room < 0) || (before > NEAR && room <= NEAR))) {
      say(room < 0 ? "The text is too long." : `${room} characters left.`);
    }
  }
  async function send(event) {
    event.preventDefault();
    if (button.getAttribute("aria-busy")) return;
    if (room !== null && room < 0) return fail(`The text is ${-room} characters too long.`), text.focus();
    button.setAttribute("aria-busy", "true");
    fail(null);
    key ??= freshKey();
    const input = { text: text.value, idempotencyKey: key, inReplyTo: inReplyTo?.id, quotes: quotes?.id };
    try {
      const payload = await mutate("CreateTweet", { input });
      if (payload.userErrors.length) {
        fail(payload.userErrors[0].message);
        text.focus();
        return;
      }
      text.value = "";
      key = null;
      measure();
      published.dispatchEvent(new CustomEvent("tweet", { detail: payload.tweet }));
      toast(inReplyTo ? "Your reply was sent." : "Your tweet was posted.");
      done(payload.tweet);
    } catch (failure) {
      if (!(failure instanceof ApiError)) throw failure;
      fail(`${failure.message} Your text is kept; try again.`);
    } finally {
      button.removeAttribute("aria-busy");
    }
  }
  text.addEventListener("input", () => {
    key = null;
    fail(null);
    measure();
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) element.requestSubmit();
  });
  element.addEventListener("submit", send);
  weigher().then((found) => {
    weigh = found;
    measure();
  });
  return element;
}

/** The composer in a dialog. */
export function openComposer({ inReplyTo = null, quotes = null } = {}) {
  const about = inReplyTo ?? quotes;
  return dialog(inReplyTo ? "Reply" : quotes ? "Quote" : "New tweet", (close) =>
    h(
      "div",
      { class: "dialog-body" },
      about && h("blockquote", { class: "quoted" }, h("p", { class: "handle" }, `@${about.author.handle}`), h("p", { class: "text", dir: "auto" }, about.text)),
      composer({ inReplyTo, quotes, done: close, autofocus: true }),
    ),
  );
}
