// The viewer's profile, what they want to be told of, and their password.

import { href } from "../addresses.js";
import { toast } from "../announce.js";
import { field, form } from "../forms.js";
import { freshId, h } from "../dom.js";
import { enter, leave, mutate, run } from "../graphql.js";
import { rename, viewer } from "../session.js";
import { head, loading } from "./parts.js";

const KINDS = { MENTION: "Mentions", REPLY: "Replies", QUOTE: "Quotes", RETWEET: "Retweets", LIKE: "Likes", FOLLOW: "New followers" };

export function settings(_place, signal) {
  const element = h(
    "div",
    {},
    head("Settings"),
    section("Profile", loading(profileForm, signal)),
    section("Notifications", loading(preferences, signal)),
    section("Password", passwordForm()),
    section("Session", h("button", { type: "button", class: "quiet", onclick: () => ((location.hash = href.home), leave()) }, "Sign out")),
  );
  return { title: "Settings", element };
}

const section = (title, ...content) => h("section", { class: "panel" }, h("h2", {}, title), ...content);

async function profileForm() {
  const { me } = await run("Me");
  const fields = [
    field("name", "Name", { value: me.name, autocomplete: "name", required: true }),
    field("bio", "About you", { value: me.bio ?? "", rows: "3" }, "At most 160 characters.", "textarea"),
    field("location", "Where you are", { value: me.location ?? "" }),
    field("website", "Your page", { value: me.website ?? "", type: "url", inputmode: "url" }, "Its address, with https://"),
  ];
  return form({
    fields,
    action: "Save",
    send: async ({ name, ...others }) => {
      const given = Object.entries(others).map(([key, value]) => [key, value.trim() || null]);
      const payload = await mutate("UpdateProfile", { input: { name, ...Object.fromEntries(given) } });
      if (payload.user) rename(payload.user.name);
      return payload.userErrors;
    },
    done: () => toast("Your profile is saved."),
  });
}

async function preferences() {
  const { notificationPreferences } = await run("NotificationPreferences");
  return notificationPreferences.filter(({ kind }) => KINDS[kind]).map(({ kind, enabled }) => {
    const id = freshId(kind);
    const box = h("input", { type: "checkbox", id, checked: enabled, onchange: change });
    async function change() {
      try {
        await mutate("SetNotificationPreference", { kind, enabled: box.checked });
      } catch (error) {
        box.checked = !box.checked;
        toast(error.message);
      }
    }
    return h("div", { class: "choice" }, box, h("label", { for: id }, KINDS[kind]));
  });
}

function passwordForm() {
  const fields = [
    field("currentPassword", "Password until now", { type: "password", autocomplete: "current-password" }),
    field("newPassword", "New password", { type: "password", autocomplete: "new-password" }, "8 to 256 characters. All other sessions end."),
  ];
  // Where passwords are kept, they are kept for a name.
  const account = h("input", { type: "text", autocomplete: "username", value: viewer().handle, hidden: true, readonly: true });
  const element = form({
    fields,
    action: "Change password",
    send: (values) => enter("ChangePassword", values, true),
    done: () => {
      for (const each of fields) each.input.value = "";
      toast("Your password is changed.");
    },
  });
  element.prepend(account);
  return element;
}
