// The page: who is signed in, which view is shown, and what is told beside it.

import { href } from "./addresses.js";
import { quickSearch, suggestions, trends } from "./aside.js";
import { openComposer } from "./composer.js";
import { h, icon, mark, unseen } from "./dom.js";
import { ago } from "./format.js";
import { follow, live, unreadCount } from "./live.js";
import { renew, route } from "./router.js";
import { sessions, viewer } from "./session.js";
import { tellTweet } from "./tweets.js";
import { bookmarks } from "./views/bookmarks.js";
import { home } from "./views/home.js";
import { notifications } from "./views/notifications.js";
import { head } from "./views/parts.js";
import { profile } from "./views/profile.js";
import { search } from "./views/search.js";
import { settings } from "./views/settings.js";
import { thread } from "./views/thread.js";
import { signIn, signUp } from "./views/welcome.js";

const MINUTE = 60_000;
const OWN = { "": home, notifications, bookmarks, settings };
const EVERYBODYS = { tweet: thread, search };

const navigation = document.getElementById("navigation");
const beside = document.getElementById("beside");
const main = document.getElementById("main");
const offline = document.getElementById("offline");
let title = "";
let besideLife = new AbortController();

function view(place, signal) {
  const [name = ""] = place.parts;
  if (name.startsWith("@")) return profile(place, signal);
  if (Object.hasOwn(EVERYBODYS, name)) return EVERYBODYS[name](place, signal);
  if (viewer() && name.startsWith("sign-")) return home(place, signal);
  if (!viewer()) return name === "sign-in" ? signIn() : signUp();
  if (Object.hasOwn(OWN, name)) return OWN[name](place, signal);
  return { title: "Nothing here", element: h("div", {}, head("Nothing here"), h("p", { class: "empty" }, "This address leads nowhere.")) };
}

function entry(address, picture, label, extra = null) {
  return h("a", { href: address, class: "nav-entry" }, icon(picture), h("span", { class: "nav-label" }, label), extra);
}

function drawNavigation() {
  const me = viewer();
  const sign = h("a", { href: href.home, class: "nav-entry brand" }, icon("murmur"), h("span", { class: "nav-label" }, "Murmur"));
  navigation.replaceChildren(
    sign,
    ...(me
      ? [
          entry(href.home, "home", "Home"),
          entry(href.explore, "search", "Search"),
          entry(href.notifications, "bell", "Notifications", h("span", { class: "badge", id: "badge", hidden: true })),
          entry(href.bookmarks, "bookmark", "Bookmarks"),
          entry(href.profile(me.handle), "person", "Profile"),
          entry(href.settings, "settings", "Settings"),
          h("button", { type: "button", class: "primary compose", onclick: () => openComposer() }, icon("pen"), h("span", { class: "nav-label" }, "Post")),
        ]
      : [entry(href.explore, "search", "Search"), entry(href.signIn, "person", "Sign in")]),
  );
  markPlace();
}

function markPlace() {
  for (const link of navigation.querySelectorAll("a:not(.brand)")) {
    const here = link.getAttribute("href") === (location.hash.split("?")[0] || href.home);
    mark(link, "aria-current", here ? "page" : null);
  }
}

function drawBeside() {
  besideLife.abort();
  besideLife = new AbortController();
  beside.replaceChildren(quickSearch(), trends(), suggestions(besideLife.signal));
}

function tellUnread() {
  const unread = unreadCount();
  const badge = document.getElementById("badge");
  if (badge) {
    mark(badge, "hidden", unread === 0);
    badge.replaceChildren(unread > 99 ? "99+" : String(unread), unseen(" unread"));
  }
  document.title = `${unread ? `(${unread > 99 ? "99+" : unread}) ` : ""}${title} · Murmur`;
}

function begin() {
  drawNavigation();
  drawBeside();
  follow();
}

begin();
// The address is for views, so this link moves the focus by itself.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
route(main, view, (named) => {
  title = named;
  tellUnread();
  markPlace();
});
sessions.addEventListener("change", () => {
  begin();
  if (viewer() && location.hash.startsWith("#/sign-")) history.replaceState(null, "", href.home);
  renew();
});
live.addEventListener("unread", tellUnread);
live.addEventListener("notification", ({ detail: { tweet } }) => tweet && tellTweet({ id: tweet.id, likeCount: tweet.likeCount }));
live.addEventListener("lost", () => mark(offline, "hidden", false));
live.addEventListener("connected", () => mark(offline, "hidden", true));
setInterval(() => {
  for (const moment of document.querySelectorAll("time[data-ago]")) moment.textContent = ago(moment.dateTime);
}, MINUTE);
