// A long text, of which the arrows turn the pages.

import { h } from "./dom.js";
import { buttons, heading } from "./parts.js";

// page describes the part that is open.
export function page(view, focus) {
  const it = view.page || { lines: [], at: 1, of: 1 };
  return [
    h("div", { key: "head", class: "head" }, heading(view), h("span", { class: "of" }, it.label || "")),
    h("div", { key: "text " + it.at, class: "text", dir: "ltr" }, it.lines.map((line) => h("p", {}, line || "\u00a0"))),
    h("div", { key: "foot", class: "foot" }, buttons(view.items, focus),
      it.of > 1 && h("div", { class: "pages", "aria-hidden": "true" }, Array.from({ length: it.of }, (_, i) => h("i", { class: i < it.at ? "full" : "" })))),
  ];
}
