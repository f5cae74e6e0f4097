// The home screen: the focused title large, and rows of posters that slide
// under the focus.

import { h, made } from "./dom.js";
import { art, lettering } from "./art.js";
import { hearth, icon } from "./icons.js";
import { avatar, focusable, heading } from "./parts.js";

const STEP = 22.5; // rem from one poster to the next
const GAP = 1.5; // of these, between them
const SEEN = 108; // rem of a row that are inside the safe area
const ROW = 19; // rem from one row to the next
const SETTLE = 120; // ms the focus rests before the large picture follows

let last = ""; // what had the focus before a layer came above
const offsets = new Map(); // row label → rem it has slid, kept while elsewhere

// poster describes the picture of a title; kind is a class.
export function poster(id, kind) {
  return h("div", { key: "poster", class: "picture " + kind }, made(id, () => art(id)));
}

// home describes the rows.
export function home(view, focus) {
  const rows = view.rows || [];
  const at = find(rows, focus || last) || { row: 0, item: 0 };
  const here = rows[at.row] && rows[at.row].items[at.item];
  if (here) {
    last = here.id;
    offsets.set(rows[at.row].label, slide(at.item, rows[at.row].items.length));
  }
  return [
    here && backdrop(here.poster || here.id),
    h("div", { key: "top", class: "top" },
      h("span", { class: "hint" }, icon("menu"), "Menu"),
      view.who && h("span", { class: "who" }, h("span", { class: "name", dir: "auto" }, view.who.label), avatar(view.who))),
    here ? hero(here) : [hearth(), heading(view)],
    h("div", { key: "rows", class: "rows" },
      h("div", { class: "slide", style: { transform: "translate3d(0," + -at.row * ROW + "rem,0)" } },
        rows.map((row, i) => describeRow(row, i, at.row, focus)))),
  ];
}

function find(rows, id) {
  for (let row = 0; row < rows.length; row++) {
    const item = rows[row].items.findIndex((it) => it.id === id);
    if (item >= 0) {
      return { row, item };
    }
  }
  return null;
}

// slide returns how far a row is moved for an item to stand at the left, but
// not further than to its end.
function slide(item, count) {
  return Math.max(0, Math.min(item * STEP, count * STEP - GAP - SEEN));
}

function describeRow(row, i, at, focus) {
  const by = offsets.get(row.label) || 0;
  return h("div", { key: row.label, class: "row" + (i < at ? " past" : "") + (i === at ? " here" : ""), role: "group", "aria-label": row.label },
    h("h2", { dir: "auto" }, row.label),
    h("div", { class: "posters", style: { transform: "translate3d(" + -by + "rem,0,0)" } },
      row.items.map((item) => card(item, focus))));
}

function card(item, focus) {
  const id = item.poster || item.id;
  return h("div", focusable(item, focus, "card"),
    made(id, () => art(id)),
    h("span", { class: "lettering " + lettering(id), dir: "auto" }, h("span", {}, item.label)),
    item.locked && icon("lock"));
}

function hero(item) {
  const id = item.poster || item.id;
  return h("div", { key: "hero " + item.id, class: "hero", "aria-hidden": "true" },
    h("div", { class: "name " + lettering(id), dir: "auto" }, h("span", {}, item.label)),
    h("div", { class: "facts" },
      item.badge && h("span", { class: "badge" }, item.badge),
      item.locked && icon("lock"),
      item.detail && h("span", { dir: "auto" }, item.detail)));
}

// backdrop describes the large picture. It follows the focus once that rests,
// so that running along a row stays smooth.
function backdrop(id) {
  return h("div", { key: "backdrop", class: "picture backdrop" }, made("backdrop", () => {
    const box = document.createElement("div");
    box.className = "fading";
    box.appendChild(art(id));
    box.hkShows = id;
    return box;
  }), follow(id));
}

let waiting = 0;

function follow(id) {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    const box = document.querySelector(".fading");
    if (!box || box.hkShows === id) {
      return;
    }
    box.hkShows = id;
    while (box.childNodes.length > 1) {
      box.firstChild.remove();
    }
    box.appendChild(art(id));
  }, SETTLE);
  return null;
}
