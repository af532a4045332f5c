// Fields with their labels, hints and errors; the server's userErrors go to the field that they name.

import { ApiError } from "./graphql.js";
import { sentence } from "./format.js";
import { freshId, h, mark } from "./dom.js";

/** A labelled input. `attributes` are those of the input; `tag` may be "textarea". */
export function field(name, label, attributes = {}, hint = "", tag = "input") {
  const id = freshId(name);
  const error = h("p", { class: "field-error", id: `${id}-error`, role: "alert" });
  const described = hint ? `${id}-hint ${id}-error` : `${id}-error`;
  const input = h(tag, { id, name, "aria-describedby": described, ...attributes });
  const element = h(
    "div",
    { class: "field" },
    h("label", { for: id }, label),
    input,
    hint && h("p", { class: "hint", id: `${id}-hint` }, hint),
    error,
  );
  function fail(message) {
    error.textContent = message ? sentence(message) : "";
    mark(input, "aria-invalid", message ? "true" : null);
  }
  input.addEventListener("input", () => fail(null));
  return { name, element, input, fail };
}

/** A form of fields. `send(values)` answers userErrors, and `done` is called when there are none. */
export function form({ fields, action, send, done, attributes = {} }) {
  const error = h("p", { class: "field-error", role: "alert" });
  const button = h("button", { type: "submit", class: "primary" }, action);
  const element = h("form", { novalidate: true, ...attributes }, fields.map((each) => each.element), error, h("div", { class: "row end" }, button));
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.getAttribute("aria-busy")) return;
    button.setAttribute("aria-busy", "true");
    error.textContent = "";
    for (const each of fields) each.fail(null);
    try {
      const values = Object.fromEntries(fields.map((each) => [each.name, each.input.value]));
      const errors = await send(values);
      if (!errors.length) done?.();
      else showErrors(errors, fields, error);
    } catch (failure) {
      if (!(failure instanceof ApiError)) throw failure;
      error.textContent = sentence(failure.message);
    } finally {
      button.removeAttribute("aria-busy");
    }
  });
  return element;
}

/** Put each error at its field, those of no field at `rest`, and the focus at the first. */
function showErrors(errors, fields, rest) {
  let first = null;
  for (const { field: path, message } of errors) {
    const found = fields.find((each) => each.name === path?.at(-1));
    if (found) found.fail(message);
    else rest.textContent = sentence(message);
    first ??= found;
  }
  first?.input.focus();
}
