// The page of a TV: views come from the agent and are drawn, keys go to it.
// The page decides nothing.

import { patch } from "./dom.js";
import { keyName, typedText } from "./keys.js";
import { connect } from "./link.js";
import { draw, gone, startClocks, touch } from "./draw.js";
import { watchStandby } from "./standby.js";
import { learn, say } from "./words.js";

const root = document.documentElement;
const tv = document.getElementById("tv");
const live = document.getElementById("say");
const contrast = window.matchMedia("(prefers-contrast: more)");

let view = null;
let noted = false; // that the first screen is painted
let away = false;
let shown = ""; // what is in the document title

let due = false;

// soon paints in the next frame, once however many views come before it.
function soon() {
  if (!due) {
    due = true;
    requestAnimationFrame(paint);
  }
}

function paint() {
  due = false;
  manner();
  patch(tv, away || !view ? gone(away) : draw(view));
  focusOn(!away && view && view.focus);
  if (view && !noted) {
    noted = true;
    requestAnimationFrame(() => setTimeout(() => {
      performance.mark("first screen");
      manner();
    }));
  }
}

// manner has the whole page follow the language and the look of this TV.
function manner() {
  const it = view || {};
  const look = (noted ? "" : "fresh ") + (it.contrast || contrast.matches ? "contrast " : "") + (it.calm ? "calm" : "");
  if (root.className !== look) {
    root.className = look;
  }
  for (const [name, value] of [["lang", it.lang || "en"], ["dir", it.dir || "ltr"]]) {
    if (root.getAttribute(name) !== value) { // setting it costs as much as another language
      root.setAttribute(name, value);
    }
  }
}

// focusOn gives the real focus to the item that has it in the view, so that
// screen readers and the browser agree with what is drawn.
function focusOn(id) {
  const node = (id && document.getElementById("i-" + id)) || document.querySelector("[data-fallback]");
  if (node && node !== document.activeElement) {
    node.focus({ preventScroll: true });
  }
}

// announce has a screen reader say what the focus does not: that it reads itself.
function announce(text) {
  if (text && live.textContent !== text) {
    live.textContent = text;
  }
}

function title(text) {
  if (text !== shown) {
    shown = text;
    document.title = text ? text + " · Hearthkey TV" : "Hearthkey TV";
  }
}

// lean shows that a key was heard though it moved nothing.
function lean(key) {
  const way = { Up: ["y", -1], Down: ["y", 1], Left: ["x", -1], Right: ["x", 1] }[key];
  const node = way && document.querySelector(".on, .cross");
  if (!node || root.className.indexOf("calm") >= 0) {
    return;
  }
  node.style.setProperty("--lean", String(way[1]));
  node.classList.add("lean-" + way[0]);
  setTimeout(() => node.classList.remove("lean-" + way[0]), 140);
}

const send = connect(
  (next) => {
    view = next;
    away = false;
    learn(view);
    startClocks(view, soon);
    paint(); // before the next frame begins, which is shorter then
    announce(view.tell);
    title(view.title);
  },
  (isAway) => {
    if (isAway !== away) {
      away = isAway;
      soon();
      announce(away ? say("away") : view && view.title);
    }
  },
  lean
);

watchStandby(send);

if (contrast.addListener) {
  contrast.addListener(soon);
}

// A drawing this page does not have leaves the initial under it.
document.addEventListener("error", (event) => {
  if (event.target.tagName === "IMG") {
    event.target.hidden = true;
  }
}, true);

document.addEventListener("keydown", (event) => {
  const typed = view && (view.keyboard || view.types) && typedText(event);
  const text = view && view.types && typed === " " ? null : typed; // where there is no field, Space is OK
  const name = text ? null : keyName(event);
  if (text || name) {
    event.preventDefault();
    touch();
    soon();
    send(text ? { text } : { k: name, repeat: event.repeat });
  }
});
