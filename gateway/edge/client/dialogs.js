// Dialogs and menus. The browser keeps the focus inside a dialog, closes it on Escape and gives the focus back.

import { freshId, h, icon, mark } from "./dom.js";

/** Show `content(close)` as a dialog; the answer comes when it is closed, with what `close` was given. */
export function dialog(title, content) {
  return new Promise((resolve) => {
    let answer = null;
    const titleId = freshId("dialog");
    const close = (value = null) => {
      answer = value;
      element.close();
    };
    const element = h(
      "dialog",
      { "aria-labelledby": titleId, onclose: () => (element.remove(), resolve(answer)) },
      h(
        "header",
        { class: "dialog-head" },
        h("h2", { id: titleId }, title),
        h("button", { type: "button", class: "round", "aria-label": "Close", onclick: () => close() }, icon("close")),
      ),
      content(close),
    );
    // A press on what is behind it closes it; one that began inside and ended there does not.
    element.addEventListener("pointerdown", (event) => event.target === element && close());
    document.body.append(element);
    element.showModal();
    (element.querySelector("[autofocus]") ?? element.querySelector("button")).focus();
  });
}

/** Whether the person confirms it. */
export async function confirmed(title, text, action) {
  const answer = await dialog(title, (close) =>
    h(
      "div",
      { class: "dialog-body" },
      h("p", {}, text),
      h(
        "div",
        { class: "row end" },
        h("button", { type: "button", class: "quiet", onclick: () => close(false) }, "Cancel"),
        h("button", { type: "button", class: "danger", autofocus: true, onclick: () => close(true) }, action),
      ),
    ),
  );
  return answer === true;
}

/** A button that opens a menu. `items` answers [label, action] pairs when it opens. */
export function menu(label, items) {
  const list = h("div", { role: "menu", class: "menu", hidden: true, "aria-label": label });
  const button = h("button", { type: "button", class: "round", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": label }, icon("more"));
  const wrapper = h("div", { class: "menu-place" }, button, list);

  function close(refocus = true) {
    mark(list, "hidden", true);
    button.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside, true);
    if (refocus) button.focus();
  }
  function outside(event) {
    if (!wrapper.contains(event.target)) close(false);
  }
  function open() {
    list.replaceChildren(
      ...items().map(([text, action]) =>
        h("button", { type: "button", role: "menuitem", tabindex: "-1", onclick: () => (close(), action()) }, text),
      ),
    );
    mark(list, "hidden", false);
    button.setAttribute("aria-expanded", "true");
    document.addEventListener("pointerdown", outside, true);
    list.firstChild?.focus();
  }
  button.addEventListener("click", () => (list.hidden ? open() : close()));
  list.addEventListener("keydown", (event) => {
    const at = [...list.children].indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (to !== undefined) list.children[(to + list.children.length) % list.children.length].focus();
    else if (event.key === "Escape" || event.key === "Tab") close(event.key === "Escape");
    else return;
    if (event.key !== "Tab") event.preventDefault();
    event.stopPropagation();
  });
  return wrapper;
}
