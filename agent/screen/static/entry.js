// The screens of signing in, of a PIN, and of the player.

import { h } from "./dom.js";
import { hearth, icon, qr, solid } from "./icons.js";
import { avatar, buttons, clock, heading, keycaps } from "./parts.js";
import { expires, idle, position, waitLeft } from "./clocks.js";
import { say } from "./words.js";
import { poster } from "./home.js";

const LIFE = 900; // seconds a code lives that does not say it, for its bar

// code describes signing in with a code, and pairing a remote with digits.
export function code(view, focus) {
  const it = view.code || {};
  return [
    hearth(),
    h("div", { class: "column" },
      heading(view),
      it.uri && h("p", { key: "uri", class: "uri", dir: "ltr" }, it.uri),
      it.text ? letters(it) : !it.problem && h("div", { key: "letters", class: "letters empty" }),
      it.problem && h("p", { key: "problem", class: "problem" }, icon("warning"), h("span", { dir: "auto" }, it.problem)),
      (!it.problem || it.of) && life(it),
      buttons(view.items, focus)),
    scan(it),
  ];
}

// scan describes the picture for a phone.
function scan(it) {
  return it.qr && it.qr.length > 0 && h("div", { key: "scan", class: "scan" }, qr(it.qr, say("picture")), h("p", {}, say("scan")));
}

function letters(it) {
  return h("div", { key: "letters", class: "letters", dir: "ltr", role: "img", "aria-label": say("code", { code: it.text.split("").join(" ") }) },
    Array.from(it.text).map((letter) => h("span", { class: letter === "-" ? "dash" : letter === " " ? "gap" : "letter" }, letter === "-" ? "–" : letter)));
}

function life(it) {
  if (!it.text) {
    return null;
  }
  const left = expires(it);
  return h("div", { key: "life", class: "life" },
    h("div", { class: "bar" }, h("i", { style: { transform: "scaleX(" + Math.min(1, left / (it.of || LIFE)) + ")" } })),
    h("p", {}, say("life", { time: clock(left) })));
}

// pin describes entering a PIN by digits or by the cross of digit groups. What
// is drawn depends on how many digits are entered, never on which.
export function pin(view, focus) {
  const it = view.pin || { entered: 0, length: 4 };
  const left = it.wait ? waitLeft(it) : 0;
  const spoken = say("entered", { n: it.entered, length: it.length });
  const help = (view.items || []).some((item) => item.id === "forgot");
  return [
    view.poster && poster(view.poster, "backdrop", view.kids),
    h("div", { key: "left", class: "words" },
      view.who && avatar(view.who), heading(view),
      h("p", { key: "message", class: "message" + (it.message && !it.checking ? " bad" : ""), dir: "auto" }, it.message || ""),
      buttons(view.items, focus)),
    h("div", { key: "entry", class: "entry" + (it.checking ? " checking" : ""), dir: "ltr" },
      h("div", { class: "dots", role: "img", "aria-label": it.checking ? say("moment") : spoken },
        Array.from({ length: it.length }, (_, i) => h("i", { class: i < it.entered ? "full" : i === it.entered ? "next" : "" }))),
      left > 0 ? h("div", { key: "wait", class: "countdown" }, icon("clock"), h("b", {}, clock(left)), h("span", { dir: "auto" }, say("nextTry")))
        : cross(it, help)),
  ];
}

// Where the digits are: an arrow chooses three, then Left, OK or Right one of
// these.
const GROUPS = [["up", "up", "1 2 3"], ["left", "up", "4 5 6"], ["right", "up", "7 8 9"], ["down", "up", "0"]];
const PLACES = [["left", "up", "first"], ["middle", "ok", "second"], ["right", "up", "third"]];

function cross(it, help) {
  return h("div", { key: it.group ? "places" : "groups", class: "cross" + (it.group ? " second" : ""), "aria-hidden": "true" },
    (it.group ? PLACES : GROUPS).map(([arm, sign, text]) => h("div", { key: arm, class: "arm " + arm },
      icon(sign), it.group ? h("span", { dir: "auto" }, say(text)) : h("span", {}, arm === "down" && icon("erase"), text, arm === "down" && help && icon("help", " end")))),
    it.group
      ? h("p", { key: "help", dir: "auto" }, keycaps(say("press")))
      : h("div", { key: "hub", class: "hub", dir: "auto" }, say("digits")));
}

// linked describes an address to go on at, with its picture for a phone.
export function linked(view, focus) {
  const it = view.link || {};
  return [
    hearth(),
    h("div", { class: "column" }, view.screen === "account" ? h("div", { class: "sign" }, icon("people")) : view.who && avatar(view.who), heading(view),
      it.uri && h("p", { key: "uri", class: "uri", dir: "ltr" }, it.uri),
      buttons(view.items, focus)),
    scan(it),
  ];
}

// player describes the stand-in player.
export function player(view, focus) {
  const it = view.player || {};
  const at = position(it);
  return [
    poster(it.poster || "", "playing" + (it.paused ? " paused" : ""), view.kids),
    h("div", { key: "controls", class: "controls" + (!it.paused && idle() ? " idle" : "") },
      h("div", { class: "name" }, solid(it.paused ? "pause" : "play"), h("h1", { dir: "auto" }, it.title || view.title),
        it.detail && h("span", { class: "episode", dir: "auto" }, it.detail)),
      h("div", { class: "track", dir: "ltr", role: "progressbar", "aria-label": it.title || view.title, "aria-valuemin": "0", "aria-valuemax": String(it.length), "aria-valuenow": String(Math.floor(at)) },
        h("i", { style: { transform: "scaleX(" + (it.length ? at / it.length : 0) + ")" } })),
      h("div", { class: "times", dir: "ltr" }, h("span", {}, clock(at)), h("span", {}, (view.text || [])[0] || ""), h("span", {}, "−" + clock(it.length - at))),
      it.next && h("div", { key: "next", class: "after" }, icon("skip"), h("span", { class: "key" }, keycaps("↓")), h("span", { dir: "auto" }, it.next)),
      buttons(view.items, focus)),
  ];
}
