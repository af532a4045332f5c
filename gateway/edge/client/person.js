// People as they are shown: avatar, names, follow button, menu, and a row of a list.

import { doing, toast } from "./announce.js";
import { href } from "./addresses.js";
import { menu } from "./dialogs.js";
import { h, icon, mark, unseen } from "./dom.js";
import { viewer } from "./session.js";
import { block, changes, relate } from "./tweets.js";

const HUES = 8;

/** Their first letter on a colour of their own: pictures from elsewhere would tell others who reads here. */
export function avatar(person, size = "") {
  const sum = [...person.handle.toLowerCase()].reduce((total, character) => (total * 31 + character.codePointAt(0)) % 997, 7);
  const letter = [...(person.name || person.handle)][0].toUpperCase();
  return h("span", { class: `avatar hue-${sum % HUES} ${size}`, "aria-hidden": "true" }, letter);
}

export const verifiedSign = (person) => person.verified && h("span", { class: "verified" }, icon("verified"), unseen("verified"));

export function nameLink(person) {
  return h("a", { class: "name", href: href.profile(person.handle) }, h("bdi", {}, person.name), verifiedSign(person));
}

/** A button that follows and unfollows; nothing for the viewer's own self. */
export function followButton(person, signal) {
  if (viewer()?.id === person.id) return null;
  const words = h("span", {});
  const button = h(
    "button",
    {
      type: "button",
      class: "follow",
      onclick: doing(() => relate(person.viewerBlocks ? "Unblock" : person.viewerFollows ? "Unfollow" : "Follow", person)),
    },
    words,
    unseen(` @${person.handle}`),
  );
  function show() {
    words.textContent = person.viewerBlocks ? "Unblock" : person.viewerFollows ? "Following" : "Follow";
    mark(button, "aria-pressed", person.viewerBlocks ? null : String(person.viewerFollows));
  }
  show();
  onPerson(person, signal, show);
  return button;
}

/** Call `show` whenever the viewer's relation to a person has changed; `person` is kept up to date. */
export function onPerson(person, signal, show) {
  const heard = ({ detail }) => {
    if (detail.id !== person.id) return;
    Object.assign(person, detail);
    show();
  };
  changes.addEventListener("person", heard, { signal });
}

/** What the viewer can do about somebody else, as [label, action] pairs. */
export function aboutPerson(person) {
  if (!viewer() || viewer().id === person.id) return [];
  const at = `@${person.handle}`;
  const told = (name, text) => doing(async () => (await relate(name, person), toast(text)));
  return [
    person.viewerMutes ? [`Unmute ${at}`, told("Unmute", `You hear from ${at} again.`)] : [`Mute ${at}`, told("Mute", `${at} is muted.`)],
    person.viewerBlocks ? [`Unblock ${at}`, told("Unblock", `${at} is no longer blocked.`)] : [`Block ${at}`, doing(() => block(person))],
  ];
}

export const personMenu = (person) => menu(`More about @${person.handle}`, () => aboutPerson(person));

/** A row of a list of people. */
export function personRow(person, signal) {
  return h(
    "article",
    { class: "person", "aria-label": person.name },
    avatar(person),
    h(
      "div",
      { class: "person-about" },
      h("div", { class: "byline" }, nameLink(person), h("span", { class: "handle" }, `@${person.handle}`)),
      person.followsViewer && h("span", { class: "tag" }, "Follows you"),
      person.bio && h("p", { class: "bio", dir: "auto" }, person.bio),
    ),
    followButton(person, signal),
  );
}
