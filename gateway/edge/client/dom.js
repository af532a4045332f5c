// Elements as functions. What is given as text stays text: nothing here, or anywhere in this client, reads HTML.

/**
 * An element with attributes and children. `onclick` and the like take functions; null, undefined and false leave an attribute or a
 * child out; true is an attribute without a value.
 */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Text for screen readers alone. */
export const unseen = (text) => h("span", { class: "unseen" }, text);

let ids = 0;
/** An id that no other element of the page has. */
export const freshId = (name) => `${name}-${(ids += 1)}`;

/** Set an attribute, or take it away where the value is null or false. */
export function mark(element, name, value) {
  if (value === null || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : value);
}

const SVG = "http://www.w3.org/2000/svg";
const PATHS = {
  home: "M4 11.5 12 4l8 7.5V20h-5.500v-5.500h-5V20H4z",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.3 15.300l5.2 5.2",
  bell: "M6 16.500V11a6 6 0 0 1 12 0v5.500l1.5 2h-15zM10 21.500h4",
  bookmark: "M6.5 4h11v16.500L12 16l-5.5 4.500z",
  person: "M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM4.5 20.500c.8-4 3.7-6 7.5-6s6.7 2 7.5 6",
  reply: "M12 4.500c-4.7 0-8.5 3-8.5 7 0 2 1 3.8 2.6 5L5.5 20l4-1.800c.8.2 1.6.3 2.5.3 4.7 0 8.5-3 8.5-7s-3.8-7-8.5-7z",
  retweet: "M4 9.5 7.5 6 11 9.500M7.5 6v9a3 3 0 0 0 3 3H13M20 14.5 16.5 18 13 14.500M16.5 18V9a3 3 0 0 0-3-3H11",
  quote: "M4.5 7h6v5c0 3-2 5-4.5 5.500M14 7h6v5c0 3-2 5-4.5 5.5",
  heart: "M12 20S4 15 4 9.300C4 6.9 5.9 5 8.2 5c1.6 0 3 .9 3.8 2.300C12.8 5.9 14.2 5 15.8 5 18.1 5 20 6.9 20 9.3 20 15 12 20 12 20z",
  more: "M5.5 12h.01M12 12h.01M18.5 12h.01",
  back: "M19.5 12h-15M11 5.5 4.5 12l6.5 6.5",
  close: "M6 6l12 12M18 6 6 18",
  verified: "M8 12.300l2.8 2.700L16 9.500M12 3.500a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17z",
  settings: "M4 7h10M18 7h2M4 17h2M10 17h10M14 7a2 2 0 1 0 4 0 2 2 0 0 0-4 0zM6 17a2 2 0 1 0 4 0 2 2 0 0 0-4 0z",
  pen: "M4.5 19.500l1-4.500L16 4.5 19.5 8 9 18.500zM13.5 7l3.5 3.5",
  murmur: "M2.5 10.500c3-3.5 5.5-2.5 6.5 1 1-3.5 4-4.5 6.5-1M11 17.500c1.8-2.2 3.5-1.7 4.3.6.8-2.3 2.8-2.8 4.5-.6M15.5 5.500c1.2-1.5 2.3-1.1 2.9.4.6-1.5 1.8-1.9 3-.4",
};

/** A picture beside words that say the same, so it is no news to a screen reader. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", `icon icon-${name}`);
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
