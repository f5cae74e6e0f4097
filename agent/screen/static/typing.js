// Typing an address, a password or a code with the keys on the screen.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { avatar, buttons, clock, focusable, heading, list } from "./parts.js";
import { strips } from "./home.js";
import { rightToLeft, say } from "./words.js";

const HALF = 3.2; // rem that half a key is wide
const PAD = 4.6; // the same on the pad of digits
const GAP = 0.6; // rem between keys
const SEARCH = "search "; // the place of what a search found
const TAIL = 36; // characters of a long text that are seen

// typing describes a field with its keyboard, and the choices at its left.
export function typing(view, focus) {
  const it = view.keyboard || { keys: [], length: 0 };
  return [
    h("div", { key: "side", class: "side" }, view.who && avatar(view.who), heading(view), buttons(view.items, focus)),
    h("div", { key: "entry", class: "typing" + (it.checking ? " checking" : "") },
      it.size ? boxes(it) : field(it, FREE.test(view.screen)),
      message(it),
      keyboard(it, focus, it.size ? PAD : HALF)),
  ];
}

// search describes what might be meant, a field and its keys, and what was found
// below.
export function search(view, focus) {
  const it = view.keyboard || { keys: [], length: 0 };
  const rows = view.rows || [];
  return [
    h("div", { key: "side", class: "side" }, h("h1", { dir: "auto" }, view.title),
      view.items && view.items.length > 0 && list(view.items, focus, 4)),
    h("div", { key: "entry", class: "typing" }, field(it, true), keyboard(it, focus, HALF)),
    rows.length > 0 ? strips(view, focus, SEARCH)
      : h("div", { key: "none", class: "none" }, (view.text || []).map((text) => h("p", { dir: "auto" }, text))),
  ];
}

// What people call themselves runs as it is written; addresses and passwords run
// from left to right.
const FREE = /^profileName$/;

function field(it, free) {
  const text = it.hidden ? "•".repeat(Math.min(it.length, TAIL)) : tail(it.text || "");
  const way = !free ? "ltr" : text ? (rightToLeft(text) ? "rtl" : "ltr") : null;
  return h("div", { key: "field", class: "field", dir: way, role: "img", "aria-label": say("typed", { label: it.label, n: it.length }) },
    text ? h("span", { key: "value", class: "value" + (it.hidden ? " hidden" : ""), dir: free ? "auto" : "ltr" }, text) : null,
    h("i", { key: "caret", class: "caret" }),
    text ? null : h("span", { key: "empty", class: "empty", dir: "auto" }, it.label));
}

// tail shows the end of a long text, where the next character comes.
function tail(text) {
  const all = Array.from(text);
  return all.length > TAIL ? "…" + all.slice(1 - TAIL).join("") : text;
}

function boxes(it) {
  const digits = Array.from(it.text || "");
  return h("div", { key: "boxes", class: "letters", dir: "ltr", role: "img", "aria-label": it.label + ", " + say("entered", { n: it.length, length: it.size }) },
    Array.from({ length: it.size }, (_, i) => h("span", { class: "letter" + (i === it.length ? " next" : "") },
      i < it.length ? digits[i] || "•" : "")));
}

function message(it) {
  if (it.checking) {
    return h("p", { key: "message", class: "message" }, say("moment"));
  }
  return h("p", { key: "message", class: "message bad" },
    it.message && icon("warning"),
    it.message && h("span", { dir: "auto" }, it.message),
    it.wait > 0 && h("b", { key: "wait" }, clock(it.wait)));
}

function keyboard(it, focus, half) {
  return h("div", { key: "keys " + it.keys.length, class: "keys", dir: "ltr" },
    it.keys.map((row, i) => h("div", { key: i, class: "keyrow" }, row.map((key) => cap(key, focus, half)))));
}

// cap describes one key: what types is plain, what does something is darker.
function cap(key, focus, half) {
  const props = focusable(key, focus, "cap" + (key.id.indexOf("key-") === 0 ? "" : key.id === "next" ? " go" : " does") + (key.label.length > 6 ? " long" : ""));
  props.style = { width: (key.wide || 2) * half - GAP + "rem" };
  return h("div", props, key.id === "delete" ? icon("erase") : h("span", {}, key.label));
}
