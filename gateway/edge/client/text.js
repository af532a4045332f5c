// A tweet's text with its mentions, hashtags and links. The API gives their places in code points.

import { h } from "./dom.js";
import { href } from "./addresses.js";

/** Nodes of a text: text as it is, entities as links. */
export function textNodes(text, entities) {
  const characters = [...text];
  const found = [
    ...entities.mentions.map((each) => [each, () => h("a", { href: href.profile(each.handle) }, `@${each.handle}`)]),
    ...entities.hashtags.map((each) => [each, () => h("a", { href: href.search(`#${each.tag}`) }, `#${each.tag}`)]),
    ...entities.links.map((each) => [each, () => outward(each.url) ?? each.url]),
  ].sort(([one], [other]) => one.start - other.start);
  const nodes = [];
  let at = 0;
  for (const [{ start, end }, node] of found) {
    if (start < at) continue;
    nodes.push(characters.slice(at, start).join(""), node());
    at = end;
  }
  nodes.push(characters.slice(at).join(""));
  return nodes.filter((node) => node !== "");
}

/** A link out of Murmur; null for what is no address of the web. */
export function outward(written) {
  let address;
  try {
    address = new URL(/^https?:\/\//i.test(written) ? written : `https://${written}`);
  } catch {
    return null;
  }
  if (address.protocol !== "https:" && address.protocol !== "http:") return null;
  const shown = written.replace(/^https?:\/\//i, "");
  return h("a", { href: address.href, rel: "noopener noreferrer nofollow ugc", target: "_blank" }, shown.length > 40 ? `${shown.slice(0, 39)}…` : shown);
}
