// Rows of posters that slide under the focus, and the home screen: the focused
// title large above them.

import { h, made } from "./dom.js";
import { art, lettering } from "./art.js";
import { hearth, icon } from "./icons.js";
import { avatar, focusable, heading, progress } from "./parts.js";
import { along, say } from "./words.js";

const GAP = 1.8; // rem between posters
const SEEN = 108; // rem of a row that are inside the safe area
const SIZES = { plain: { step: 22.8, row: 19 }, kids: { step: 33.3, row: 25.4 } }; // rem from one poster, and row, to the next
const NEAR = 2; // rows above and below, and posters beside, that are there before they are seen
const SETTLE = 120; // ms the focus rests before the large picture follows

const lasts = new Map(); // screen → what had the focus before it went elsewhere
const offsets = new Map(); // screen and row label → rem it has slid, kept while elsewhere

// poster describes the picture of a title; kind is a class.
export function poster(id, kind, kids) {
  return h("div", { key: "poster", class: "picture " + kind }, made(id + !!kids, () => art(id, kids, 120)));
}

// strips describes a view's rows, those of the place as they were left there.
export function strips(view, focus, place) {
  const rows = view.rows || [];
  const size = view.kids ? SIZES.kids : SIZES.plain;
  const at = find(rows, focus) || find(rows, lasts.get(place)) || { row: 0, item: 0 };
  const row = rows[at.row];
  if (row) {
    lasts.set(place, row.items[at.item].id);
    offsets.set(place + row.label, Math.max(0, Math.min(at.item * size.step, row.items.length * size.step - GAP - SEEN)));
  }
  return h("div", { key: "rows", class: "rows" },
    h("div", { class: "slide", style: { transform: "translate3d(0," + -at.row * size.row + "rem,0)" } },
      rows.map((row, i) => strip(row, i, at.row, focus, place, view.kids ? SIZES.kids : SIZES.plain, view.kids))));
}

// forget forgets how the rows of a place were left.
export function forget(place) {
  lasts.delete(place);
  Array.from(offsets.keys()).filter((key) => key.indexOf(place) === 0).forEach((key) => offsets.delete(key));
}

// home describes the home screen.
export function home(view, focus) {
  const rows = view.rows || [];
  const place = "home " + (view.who ? view.who.id : "") + " "; // each profile's rows are its own
  const at = find(rows, focus) || find(rows, lasts.get(place)) || { row: 0, item: 0 };
  const here = rows[at.row] && rows[at.row].items[at.item];
  return [
    here && backdrop(here.poster || here.id, view.kids),
    h("div", { key: "top", class: "top" },
      h("span", { class: "hint" }, icon("menu"), say("menu")),
      view.who && h("span", { class: "who" }, h("span", { class: "name", dir: "auto" }, view.who.label), avatar(view.who))),
    here ? hero(here) : [hearth(), heading(view)],
    strips(view, focus, place),
  ];
}

function find(rows, id) {
  for (let row = 0; id && row < rows.length; row++) {
    const item = rows[row].items.findIndex((it) => it.id === id);
    if (item >= 0) {
      return { row, item };
    }
  }
  return null;
}

// strip describes one row: of those far from the focus only the name, and of the
// others the posters in and near the safe area.
function strip(row, i, at, focus, place, size, kids) {
  const by = offsets.get(place + row.label) || 0;
  const from = Math.max(0, Math.floor(by / size.step) - NEAR);
  const to = Math.ceil((by + SEEN) / size.step) + NEAR;
  const near = i >= at - NEAR && i <= at + NEAR + 1;
  return h("div", { key: row.label, class: "row" + (i < at ? " past" : "") + (i === at ? " here" : ""), role: "group", "aria-label": row.label },
    h("h2", { dir: "auto" }, row.label),
    near && h("div", { key: "posters", class: "posters", style: { transform: along(by) } },
      h("i", { key: "before", style: { width: from * size.step + "rem" } }),
      row.items.slice(from, to).map((item) => card(item, focus, kids))));
}

function card(item, focus, kids) {
  const id = item.poster || item.id;
  return h("div", focusable(item, focus, "card" + (item.series ? " series" : "")),
    made(id + !!kids, () => art(id, kids, kids ? 31.5 : 21)),
    h("span", { class: "lettering " + lettering(id, item.label) + (item.progress > 0 ? " begun" : ""), dir: "auto" }, h("span", {}, item.label)),
    item.locked && icon("lock"),
    progress(item.progress));
}

function hero(item) {
  const id = item.poster || item.id;
  return h("div", { key: "hero " + item.id, class: "hero", "aria-hidden": "true" },
    h("div", { class: "name " + lettering(id, item.label), dir: "auto" }, h("span", {}, item.label)),
    h("div", { class: "facts" },
      item.badge && h("span", { class: "badge" }, item.badge),
      item.locked && icon("lock"),
      item.detail && h("span", { dir: "auto" }, item.detail)));
}

// backdrop describes the large picture. It follows the focus once that rests,
// so that running along a row stays smooth.
function backdrop(id, kids) {
  return h("div", { key: "backdrop", class: "picture backdrop" }, made("backdrop", () => {
    const box = document.createElement("div");
    box.className = "fading";
    box.appendChild(art(id, kids, 86));
    box.hkShows = id + !!kids;
    return box;
  }), follow(id, kids));
}

let waiting = 0;

function follow(id, kids) {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    const box = document.querySelector(".fading");
    if (!box || box.hkShows === id + !!kids) {
      return;
    }
    box.hkShows = id + !!kids;
    while (box.childNodes.length > 1) {
      box.firstChild.remove();
    }
    box.appendChild(art(id, kids, 86));
  }, SETTLE);
  return null;
}
