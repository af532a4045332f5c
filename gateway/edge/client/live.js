// What the viewer is told as it happens, and read anew after each gap.

import { run } from "./graphql.js";
import { connection, reconnect, subscribe } from "./socket.js";
import { viewer } from "./session.js";

/**
 * Events: `unread` (detail: the count), `notification` (detail: the notification), `home` (something came to the top of the home
 * timeline), `again` (a gap is over: read what is shown once more), `connected` and `lost`.
 */
export const live = new EventTarget();

let endings = [];
let latest = null;
let connectedBefore = false;
let unread = 0;

export const unreadCount = () => unread;

/** Follow for whoever is signed in now; for nobody, stop. */
export function follow() {
  for (const end of endings) end();
  endings = [];
  latest = null;
  connectedBefore = false;
  setUnread(0);
  if (!viewer()) return;
  reconnect();
  endings = [
    subscribe("UnreadCountChanged", () => ({}), (data) => setUnread(data.unreadCountChanged)),
    subscribe("HomeTimelineUpdated", () => ({}), (data) => tell("home", data.homeTimelineUpdated)),
    subscribe("NotificationReceived", () => ({ after: latest }), (data) => {
      latest = later(latest, data.notificationReceived.id);
      tell("notification", data.notificationReceived);
    }),
  ];
}

export function setUnread(count) {
  unread = count;
  tell("unread", count);
}

const tell = (name, detail) => live.dispatchEvent(new CustomEvent(name, { detail }));
const later = (one, other) => (one === null || BigInt(other) > BigInt(one) ? other : one);

connection.addEventListener("open", async () => {
  tell("connected");
  if (connectedBefore) tell("again");
  connectedBefore = true;
  if (!endings.length) return;
  try {
    setUnread((await run("UnreadCount")).unreadNotificationCount);
  } catch {
    // The next change of the count, or the next connection, tells it.
  }
});
connection.addEventListener("lost", () => tell("lost"));
