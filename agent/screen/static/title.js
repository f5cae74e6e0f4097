// The screens of one title: what it is and its episodes, and the episode that
// comes next.

import { h } from "./dom.js";
import { lettering } from "./art.js";
import { icon } from "./icons.js";
import { buttons, progress } from "./parts.js";
import { forget, poster, strips } from "./home.js";

let open = ""; // the title whose rows are remembered

// title describes a film, a series or an episode.
export function title(view, focus) {
  const id = view.poster || view.title || "";
  const rows = view.rows || [];
  if (id !== open) {
    open = id;
    forget("title ");
  }
  return [
    poster(id, "backdrop", view.kids),
    h("div", { key: "column", class: "column" + (rows.length > 0 ? " above" : "") },
      h("div", { key: "heading", class: "heading" }, h("h1", { dir: "auto", class: lettering(id, view.title) }, view.title),
        facts(view, (view.text || [])[0]),
        (view.text || []).slice(1).map((text) => h("p", { dir: "auto" }, text))),
      progress(view.progress),
      buttons(view.items, focus)),
    rows.length > 0 && strips(view, focus, "title "),
  ];
}

// facts describes the line under a title: its rating, whether it asks for a PIN,
// and what else there is to know.
function facts(it, text) {
  return h("div", { key: "facts", class: "facts" },
    it.badge && h("span", { key: "badge", class: "badge" }, it.badge), it.locked && icon("lock"), text && h("span", { dir: "auto" }, text));
}

// next describes the episode that plays by itself when its time has run down.
export function next(view, focus) {
  const it = view.card || {};
  const id = view.poster || it.title || "";
  return [
    poster(id, "backdrop", view.kids),
    h("div", { key: "column", class: "column" },
      h("div", { key: "heading", class: "heading" },
        view.title && h("p", { class: "over", dir: "auto" }, view.title),
        h("h1", { dir: "auto", class: lettering(id, it.title) }, it.title || view.title),
        facts(it, it.detail),
        (view.text || []).map((text) => h("p", { dir: "auto" }, text))),
      it.of > 0 && h("div", { key: "left", class: "ahead" },
        h("b", {}, String(it.left)), h("span", { class: "bar" }, h("i", { style: { transform: "scaleX(" + it.left / it.of + ")" } }))),
      buttons(view.items, focus)),
  ];
}
