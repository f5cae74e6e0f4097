// The pieces that several screens are made of.

import { h } from "./dom.js";
import { icon } from "./icons.js";

// focusable returns the properties that everything that can have the focus
// shares: its DOM id, its role, and whether it has the focus now.
export function focusable(item, focus, kind, role) {
  const on = item.id === focus;
  return {
    key: item.id,
    id: "i-" + item.id,
    class: kind + (on ? " on" : "") + (item.danger ? " danger" : "") + (item.chosen ? " chosen" : ""),
    role: item.choice ? "radio" : item.switch ? "switch" : role || "button",
    "aria-checked": item.choice || item.switch ? String(!!item.chosen) : null,
    tabindex: "-1",
    "aria-label": spoken(item),
  };
}

function spoken(item) {
  const watched = item.progress > 0 && Math.round(item.progress * 100) + " % watched";
  return [item.label, item.detail, item.badge, watched, item.locked && "locked"].filter(Boolean).join(", ");
}

// progress describes how much of a title was watched.
export function progress(part) {
  return part > 0 && h("span", { key: "progress", class: "progress" }, h("i", { style: { transform: "scaleX(" + Math.min(1, part) + ")" } }));
}

// avatar describes a profile's picture. A name this page does not have is
// drawn as the first letter of the profile's own.
export function avatar(item) {
  const known = /^[a-z]{1,20}$/.test(item.avatar || "");
  return h("span", { class: "avatar" },
    h("span", { class: "initial", key: "initial", "aria-hidden": "true" }, Array.from(item.label || "?")[0]),
    known && h("img", { key: item.avatar, src: "avatars/" + item.avatar + ".svg", alt: "" }));
}

// button describes a choice as a pill.
export function button(item, focus, role) {
  return h("div", focusable(item, focus, "button", role),
    h("span", { class: "label", dir: "auto" }, item.label),
    item.locked && icon("lock"),
    item.detail && h("span", { class: "detail", dir: "auto" }, item.detail));
}

// buttons describes choices one under another.
export function buttons(items, focus) {
  return items && items.length > 0 && h("div", { key: "buttons", class: "buttons" }, items.map((item) => button(item, focus)));
}

// line describes a row of a list: a name, and a value or state at its end; with
// the name of an icon, that before it.
export function line(item, focus, role, sign) {
  const props = item.info ? { key: item.id, class: "line info" } : focusable(item, focus, "line", role);
  return h("div", props,
    item.choice && h("span", { class: "radio" }),
    item.avatar && avatar(item),
    sign && icon(sign),
    mark(item.badge),
    h("span", { class: "label", dir: "auto" }, item.label),
    item.locked && icon("lock"),
    item.detail && h("span", { class: "detail", dir: "auto" }, item.detail),
    item.switch && h("span", { class: "switch" }, h("i", {})));
}

// mark describes a badge; those of a check are drawn.
function mark(badge) {
  switch (badge) {
    case "":
    case undefined:
      return null;
    case "✓":
      return h("span", { class: "mark good" }, icon("check"));
    case "!":
      return h("span", { class: "mark bad" }, icon("warning"));
  }
  return h("span", { class: "badge" }, badge);
}

const LINE = 6.5; // rem, with the space under it

// list describes a list of lines that scrolls with the focus; at most rows of
// them are seen at once.
export function list(items, focus, rows) {
  const at = Math.max(0, items.findIndex((item) => item.id === focus));
  const first = Math.max(0, Math.min(at - Math.floor(rows / 2), items.length - rows));
  const height = Math.min(rows, items.length) * LINE;
  return h("div", { key: "list", class: "list", style: { height: height + "rem" } },
    h("div", { class: "slide", style: { transform: "translate3d(0," + -first * LINE + "rem,0)" } },
      items.map((item) => line(item, focus))));
}

// heading describes a screen's title and paragraphs.
export function heading(view) {
  return h("div", { key: "heading", class: "heading" },
    view.title && h("h1", { dir: "auto" }, view.title),
    (view.text || []).map((text) => h("p", { dir: "auto" }, text)));
}

// clock writes seconds as 0:05, 14:59 or 1:02:03.
export function clock(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  const two = (n) => (n < 10 ? "0" : "") + n;
  const hours = Math.floor(s / 3600);
  const minutes = Math.floor(s / 60) % 60;
  return (hours ? hours + ":" + two(minutes) : minutes) + ":" + two(s % 60);
}
