// Lists by cursor: the next page comes when the end comes near, or by a button.

import { h, mark, unseen } from "./dom.js";
import { sentence } from "./format.js";

/**
 * `load(after)` answers a connection (nodes, pageInfo), `key(node)` what is the same entry, `render(node)` its element. An entry
 * that is there already is not shown twice, whatever moves between pages.
 */
export function feed({ label, load, key, render, empty, signal }) {
  const list = h("div", { class: "feed", role: "group", "aria-label": label });
  const moreButton = h("button", { type: "button", class: "quiet wide", onclick: () => next() }, "Show more");
  const failure = h("p", {});
  const retry = h("div", { class: "failure", role: "alert", hidden: true }, failure, h("button", { type: "button", class: "quiet", onclick: () => next() }, "Try again"));
  const nothing = h("p", { class: "empty", hidden: true }, empty);
  const end = h("div", { class: "feed-end" }, h("div", { class: "spinner" }, unseen("Loading")), moreButton, retry, nothing);
  const element = h("div", {}, list, end);
  const shown = new Map();
  let cursor = null;
  let ended = false;
  let busy = false;

  async function next() {
    if (busy || ended) return;
    setBusy(true);
    mark(retry, "hidden", true);
    try {
      const page = await load(cursor);
      if (signal.aborted) return;
      for (const node of page.nodes) put(node, (entry) => list.append(entry));
      cursor = page.pageInfo.endCursor;
      ended = !page.pageInfo.hasNextPage;
    } catch (error) {
      failure.textContent = sentence(error.message);
      mark(retry, "hidden", false);
    } finally {
      setBusy(false);
    }
  }
  function put(node, place) {
    const id = key(node);
    if (shown.has(id)) return false;
    const entry = render(node);
    shown.set(id, entry);
    place(entry);
    mark(list, "role", "feed");
    mark(nothing, "hidden", true);
    return true;
  }
  function setBusy(now) {
    busy = now;
    mark(end, "data-busy", now);
    list.setAttribute("aria-busy", String(now));
    mark(moreButton, "hidden", now || ended || !retry.hidden);
    mark(nothing, "hidden", !(ended && !shown.size));
  }
  const near = new IntersectionObserver(([entry]) => entry.isIntersecting && retry.hidden && next(), { rootMargin: "800px" });
  // The observer tells of crossings alone: after a page that did not fill the screen it is to look again.
  const settle = new MutationObserver(() => (near.unobserve(end), near.observe(end)));
  settle.observe(list, { childList: true });
  signal.addEventListener("abort", () => (near.disconnect(), settle.disconnect()));
  const first = next().then(() => near.observe(end));

  return {
    element,
    first,
    has: (id) => shown.has(id),
    /** Put nodes, the newest first, above all others. */
    prepend: (nodes) => [...nodes].reverse().forEach((node) => put(node, (entry) => list.prepend(entry))),
    append: (node) => put(node, (entry) => list.append(entry)),
    /** Begin anew with the first page. */
    restart() {
      list.replaceChildren();
      shown.clear();
      cursor = null;
      ended = false;
      return next();
    },
    remove(id) {
      shown.get(id)?.remove();
      shown.delete(id);
    },
  };
}
