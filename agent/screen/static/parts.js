// The pieces that several screens are made of.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { say } from "./words.js";

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
  const watched = item.progress > 0 && say("watched", { n: Math.round(item.progress * 100) });
  return [item.label, item.detail, MARKS[item.badge] ? null : item.badge, watched, item.locked && say("locked")].filter(Boolean).join(", ");
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

// The icons of choices, by their ids.
const ICONS = {
  signIn: "phone", password: "keyboard", service: "tv", language: "globe", checkNetwork: "network", network: "network", settings: "gear",
  play: "play", start: "again", next: "skip", myList: "list", back: "back", again: "again", cancel: "close", ok: "check",
  signOut: "out", signOutHere: "out", startOver: "again", deactivate: "gone", account: "people", thisTV: "tv", look: "eye",
  about: "info", licences: "book", resend: "mail", restart: "back", locks: "shield", add: "plus", done: "check", forgot: "help",
  "via-mail": "mail", "via-sms": "phone", "via-totp": "shield", "via-recovery": "book",
  remotes: "remote", pair: "remote", relay: "globe", ecp: "network", household: "home", guest: "people", forget: "close",
  home: "home", list: "list", search: "search", switch: "people", edit: "edit",
};

// What opens a screen of its own, which an arrow at its end says.
const OPENS = /^(account|thisTV|look|language|about|licences|licence-\d+|name|avatar|locks|remotes|remote-.+)$/;

// sign describes the icon of a choice; one of several has none.
function sign(item) {
  const name = item.choice ? "" : item.id.indexOf("remote-") === 0 ? "phone" : ICONS[item.id];
  return name && icon(name);
}

// button describes a choice as a pill.
export function button(item, focus, role) {
  const props = item.info ? { key: item.id, class: "button info" } : focusable(item, focus, "button", role);
  return h("div", props,
    sign(item),
    h("span", { class: "label", dir: "auto" }, item.label),
    item.locked && icon("lock"),
    item.detail && h("span", { class: "detail", dir: "auto" }, keycaps(item.detail)));
}

const ARROWS = { "←": "left", "↑": "up", "→": "right", "↓": "down" };

// keycaps draws the arrows in a sentence as keys.
export function keycaps(text) {
  return text.split(/([←↑→↓])/).map((part, i) => (i % 2 ? h("span", { class: "keycap " + ARROWS[part], role: "img", "aria-label": part }, icon("up")) : part));
}

// buttons describes choices one under another.
export function buttons(items, focus) {
  return items && items.length > 0 && h("div", { key: "buttons", class: "buttons" }, items.map((item) => button(item, focus)));
}

// line describes a row of a list: a name, and a value or state at its end.
export function line(item, focus, role) {
  const props = item.info ? { key: item.id, class: "line info" } : focusable(item, focus, "line", role);
  return h("div", props,
    item.choice && h("span", { class: "radio" }),
    item.avatar && avatar(item),
    !item.avatar && !item.info && sign(item),
    mark(item.badge),
    h("span", { class: "label", dir: "auto" }, item.label),
    item.locked && icon("lock"),
    item.detail && h("span", { class: "detail", dir: "auto" }, item.detail),
    item.switch && h("span", { class: "switch" }, h("i", {})),
    !item.info && OPENS.test(item.id) && h("span", { key: "go", class: "go" }, icon("more")));
}

// What a check found is drawn.
const MARKS = { "✓": ["good", "check"], "!": ["bad", "warning"] };

function mark(badge) {
  const [kind, sign] = MARKS[badge] || [];
  return sign ? h("span", { class: "mark " + kind }, icon(sign)) : badge && h("span", { class: "badge" }, badge);
}

const LINE = 6.5; // rem, with the space under it

// list describes a list of lines that scrolls with the focus; at most rows of
// them are seen at once.
export function list(items, focus, rows) {
  const at = Math.max(0, items.findIndex((item) => item.id === focus));
  const first = Math.max(0, Math.min(at - Math.floor(rows / 2), items.length - rows));
  const height = Math.min(rows, items.length) * LINE;
  return h("div", { key: "list", class: "list" + (first > 0 ? " above" : "") + (first + rows < items.length ? " below" : ""), style: { height: height + "rem" } },
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
