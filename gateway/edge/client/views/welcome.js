// Where one signs up or in.

import { href } from "../addresses.js";
import { h, icon } from "../dom.js";
import { field, form } from "../forms.js";
import { enter } from "../graphql.js";

const HANDLE = { autocomplete: "username", autocapitalize: "none", spellcheck: "false", required: true };

export const signUp = () =>
  welcome("Join Murmur", [
    form({
      fields: [
        field("handle", "Handle", HANDLE, "1 to 15 letters, digits or _"),
        field("name", "Name", { autocomplete: "name", required: true }),
        field("password", "Password", { type: "password", autocomplete: "new-password", required: true }, "At least 8 characters"),
      ],
      action: "Sign up",
      send: (values) => enter("SignUp", values),
    }),
    h("p", {}, "You have an account? ", h("a", { href: href.signIn }, "Sign in")),
  ]);

export const signIn = () =>
  welcome("Sign in", [
    form({
      fields: [
        field("handle", "Handle", HANDLE),
        field("password", "Password", { type: "password", autocomplete: "current-password", required: true }),
      ],
      action: "Sign in",
      send: (values) => enter("SignIn", values),
    }),
    h("p", {}, "You are new here? ", h("a", { href: href.signUp }, "Sign up")),
  ]);

function welcome(title, content) {
  const element = h(
    "div",
    { class: "welcome" },
    h("div", { class: "welcome-sign" }, icon("murmur")),
    h("h1", { tabindex: "-1" }, title),
    h("p", { class: "lead" }, "Many small voices, one sky."),
    ...content,
    h("p", {}, h("a", { href: href.explore }, "Look around first")),
  );
  return { title, element };
}
