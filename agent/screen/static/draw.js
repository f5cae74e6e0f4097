// What a view looks like: the screen, and the layers above it.

import { h } from "./dom.js";
import { lettering } from "./art.js";
import { icon, hearth } from "./icons.js";
import { avatar, buttons, focusable, heading, line, list } from "./parts.js";
import { home, poster } from "./home.js";
import { pin, code, player } from "./entry.js";
import { typing } from "./typing.js";

export { startClocks } from "./clocks.js";

const SCREENS = {
  starting, welcome, code, gate, pin, home, title, player,
  settings: listing, network: listing, email: typing, password: typing, accessCode: typing,
};

// The icons of screens that say one thing.
const SIGNS = { leaseEnded: "clock", signedOut: "out", deactivated: "gone", stolen: "shield", update: "update" };

// draw describes a view. Only its topmost layer can have the focus.
export function draw(view) {
  const top = view.dialog ? "dialog" : view.menu && view.menu.length ? "menu" : "screen";
  const focus = (layer) => (layer === top ? view.focus : "");
  const screen = SCREENS[view.screen] || message;
  return [
    h("section", {
      key: "screen " + view.screen, class: "screen " + view.screen, tabindex: "-1",
      "aria-label": view.title || "Hearthkey", "aria-hidden": top === "screen" ? null : "true",
      "data-fallback": top === "screen",
    }, screen(view, focus("screen"))),
    banner(view.banner),
    view.menu && view.menu.length > 0 && menu(view, focus("menu"), top === "menu"),
    view.dialog && dialog(view.dialog, focus("dialog")),
    view.toast && h("div", { key: "toast " + view.toast, class: "toast", dir: "auto" }, view.toast),
  ].filter(Boolean);
}

// gone describes the page while it has no agent: at first, for a moment,
// nothing but the name.
export function gone(away) {
  if (!away) {
    return [h("section", { key: "blank", class: "screen starting" }, brand())];
  }
  return [h("section", { key: "gone", class: "screen message", role: "alert" }, hearth(),
    h("div", { class: "column" }, h("div", { class: "sign" }, icon("broken")),
      h("div", { class: "heading" }, h("h1", {}, "This TV's software is not running"),
        h("p", {}, "This screen comes back by itself as soon as it runs again."))))];
}

function brand() {
  return h("div", { key: "brand", class: "brand" }, h("img", { src: "logo.svg", alt: "" }), h("span", {}, "Hearthkey"));
}

function starting(view, focus) {
  return [brand(), h("div", { class: "wait", "aria-hidden": "true" }, h("i"), h("i"), h("i")), heading(view), buttons(view.items, focus)];
}

function welcome(view, focus) {
  return [hearth(), h("div", { class: "column" }, brand(), heading(view), buttons(view.items, focus))];
}

function message(view, focus) {
  return [hearth(), h("div", { class: "column" },
    h("div", { key: "sign", class: "sign" }, icon(SIGNS[view.screen] || "info")), heading(view), buttons(view.items, focus))];
}

function gate(view, focus) {
  return [brand(), heading(view), h("div", { key: "people", class: "people" }, (view.items || []).map((item) => person(item, focus)))];
}

function person(item, focus) {
  return h("div", focusable(item, focus, "person"), avatar(item),
    h("span", { class: "name", dir: "auto" }, item.label),
    h("span", { class: "under" }, item.locked && icon("lock"), item.badge || item.detail));
}

function title(view, focus) {
  const id = view.poster || view.title || "";
  return [
    poster(id, "backdrop"),
    h("div", { class: "column" }, view.badge && h("span", { key: "badge", class: "badge" }, view.badge),
      h("div", { key: "heading", class: "heading" }, h("h1", { dir: "auto", class: lettering(id) }, view.title),
        (view.text || []).map((text) => h("p", { dir: "auto" }, text))),
      buttons(view.items, focus)),
  ];
}

function listing(view, focus) {
  return [
    h("div", { key: "side", class: "side" },
      h("div", { class: "sign" }, icon(view.screen === "network" ? "network" : "settings")), heading(view)),
    h("div", { key: "main", class: "main" }, view.items && list(view.items, focus, 8)),
  ];
}

function banner(it) {
  const icons = { offline: "offline", warning: "warning" };
  return it && h("div", { key: "banner", class: "banner " + it.kind, role: "status" },
    icon(icons[it.kind] || "info"), h("span", { dir: "auto" }, it.text));
}

// The icons of the menu's choices.
const MENU = { home: "home", switch: "people", settings: "gear" };

function menu(view, focus, top) {
  return h("div", { key: "menu", class: "menu", "aria-hidden": top ? null : "true" },
    h("nav", { "aria-label": "Menu", "data-fallback": top, tabindex: "-1" },
      view.who ? h("div", { class: "who" }, avatar(view.who), h("span", { dir: "auto" }, view.who.label)) : brand(),
      h("div", { class: "choices" }, view.menu.map((item) => line(item, focus, null, MENU[item.id])))));
}

function dialog(it, focus) {
  return h("div", { key: "dialog", class: "dialog" },
    h("div", { class: "question", role: "alertdialog", "aria-label": it.title, "data-fallback": true, tabindex: "-1" },
      heading(it), buttons(it.items, focus)));
}
