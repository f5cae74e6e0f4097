// What a view looks like: the screen, and the layers above it.

import { h } from "./dom.js";
import { icon, hearth } from "./icons.js";
import { avatar, buttons, focusable, heading, line, list } from "./parts.js";
import { along, say } from "./words.js";
import { home } from "./home.js";
import { next, title } from "./title.js";
import { pin, code, linked, player } from "./entry.js";
import { search, typing } from "./typing.js";
import { page } from "./page.js";

export { startClocks, touch } from "./clocks.js";

const SCREENS = {
  starting, welcome, code, gate, pin, home, title, player, next, search,
  settings: listing, network: listing, email: typing, password: typing, accessCode: typing,
  profileAvatar: drawings, profileName: typing, profileLevel: listing, profilePIN: pin, profilePassword: typing,
  profileEdit: listing, profileLocks: linked, forgotPIN: linked,
  account: linked, thisTV: listing, look: listing, language: listing, about: listing, licences: listing, services: listing, licence: page,
  remotes: listing, remote: listing, pairRole: listing, pairing,
};

// Screens of one kind look alike.
const KINDS = new Map([[listing, " listed"], [typing, " fielded"], [pin, " pinned"], [linked, " linked"], [gate, " faces"], [drawings, " faces"]]);

// The icons of screens that say one thing, or have a list.
const SIGNS = {
  leaseEnded: "clock", signedOut: "out", deactivated: "gone", stolen: "shield", update: "update",
  settings: "gear", network: "network", thisTV: "tv", look: "eye", language: "globe", about: "info", licences: "book", services: "tv",
  remotes: "remote", remote: "phone", pairRole: "people", pairing: "remote",
};

// draw describes a view. Only its topmost layer can have the focus.
export function draw(view) {
  const top = view.dialog ? "dialog" : view.menu && view.menu.length ? "menu" : "screen";
  const focus = (layer) => (layer === top ? view.focus : "");
  const screen = SCREENS[view.screen] || message;
  return [
    h("section", {
      key: "screen " + view.screen, class: "screen " + view.screen + (KINDS.get(screen) || "") + (screen === pairing && view.code ? " code" : "") + (view.kids ? " kids" : ""), tabindex: "-1",
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
  if (!away || !say("away")) {
    return [h("section", { key: "blank", class: "screen starting", "aria-label": "Hearthkey" }, brand())];
  }
  return [h("section", { key: "gone", class: "screen message", "aria-label": say("away") }, hearth(),
    h("div", { class: "column" }, h("div", { class: "sign" }, icon("broken")), heading({ title: say("away"), text: [say("awayText")] })))];
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

// ofProfile reports whether a screen is about the profile that it names.
function ofProfile(view) {
  return view.screen.indexOf("profile") === 0;
}

function message(view, focus) {
  return [hearth(), h("div", { class: "column" },
    view.who && ofProfile(view) ? avatar(view.who) : h("div", { key: "sign", class: "sign" }, icon(SIGNS[view.screen] || "info")), heading(view), buttons(view.items, focus))];
}

// pairing describes the window in which a remote is paired, and what became of it.
function pairing(view, focus) {
  return view.code ? code(view, focus) : message(view, focus);
}

function gate(view, focus) {
  const items = view.items || [];
  const many = items.length > FEW;
  const at = Math.max(0, items.findIndex((item) => item.id === focus));
  const first = Math.max(0, Math.min(at - FEW / 2, items.length - FEW - 1));
  return [brand(), heading(view), h("div", { key: "people", class: "people" + (many ? " many" : "") + (items.length > FEW + 1 ? " more" : "") },
    h("div", { class: "slide", style: { transform: along(many ? first * TILE : 0) } },
      items.map((item) => person(item, focus))))];
}

const FEW = 5; // profiles that fit beside each other at their full size
const TILE = 17.2; // rem from one of more to the next
const NAME = 26; // characters of a name that fit on two lines

// short cuts a name by itself: a browser sets what it cuts off-centre.
function short(name) {
  const all = Array.from(name);
  return all.length > NAME ? all.slice(0, NAME - 1).join("").trim() + "…" : name;
}

function person(item, focus) {
  return h("div", focusable(item, focus, "person" + (item.add ? " add" : "")),
    item.add ? h("span", { class: "avatar" }, icon("plus")) : avatar(item),
    h("span", { class: "name", dir: "auto" }, short(item.label)),
    h("span", { class: "under" }, item.locked && icon("lock"), item.badge || item.detail));
}

// drawings describes the grid of pictures to choose from.
function drawings(view, focus) {
  return [brand(), heading(view), h("div", { key: "drawings", class: "drawings", style: { width: 17 * (view.grid || 6) + "rem" } },
    (view.items || []).map((item) => h("div", focusable(item, focus, "drawing"), avatar(item),
      item.chosen && h("span", { class: "tick" }, icon("check")))))];
}

function listing(view, focus) {
  return [
    h("div", { key: "side", class: "side" },
      view.who && ofProfile(view) ? avatar(view.who) : h("div", { class: "sign" }, icon(SIGNS[view.screen] || "gear")), heading(view)),
    h("div", { key: "main", class: "main" }, view.items && list(view.items, focus, 8)),
  ];
}

// A banner is read out with the rest of the view, so it is no live region.
function banner(it) {
  const icons = { offline: "offline", warning: "warning", control: "remote" };
  return it && h("div", { key: "banner", class: "banner " + it.kind },
    icon(icons[it.kind] || "info"), h("span", { dir: "auto" }, it.text),
    it.key && h("span", { key: "ends", class: "ends" }, h("span", { class: "keycap" }, icon("back"), it.key), it.does));
}

function menu(view, focus, top) {
  return h("div", { key: "menu", class: "menu", "aria-hidden": top ? null : "true" },
    h("nav", { "aria-label": say("menu"), "data-fallback": top, tabindex: "-1" },
      view.who ? h("div", { class: "who" }, avatar(view.who), h("span", { dir: "auto" }, view.who.label)) : brand(),
      h("div", { class: "choices" }, view.menu.map((item) => line(item, focus)))));
}

function dialog(it, focus) {
  return h("div", { key: "dialog", class: "dialog" },
    h("div", { class: "question", role: "alertdialog", "aria-label": it.title, "data-fallback": true, tabindex: "-1" },
      heading(it), buttons(it.items, focus)));
}
