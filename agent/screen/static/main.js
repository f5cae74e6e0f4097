// The page of a TV: views come from the agent and are drawn, keys go to it.
// The page decides nothing.

import { patch } from "./dom.js";
import { keyName, typedText } from "./keys.js";
import { connect } from "./link.js";
import { draw, gone, startClocks } from "./draw.js";
import { watchStandby } from "./standby.js";

const tv = document.getElementById("tv");
const say = document.getElementById("say");

let view = null;
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
  patch(tv, away || !view ? gone(away) : draw(view));
  focusOn(!away && view && view.focus);
}

// focusOn gives the real focus to the item that has it in the view, so that
// screen readers and the browser agree with what is drawn.
function focusOn(id) {
  const node = (id && document.getElementById("i-" + id)) || document.querySelector("[data-fallback]");
  if (node && node !== document.activeElement) {
    node.focus({ preventScroll: true });
  }
}

function announce(text) {
  if (text && say.textContent !== text) {
    say.textContent = text;
  }
}

function title(text) {
  if (text !== shown) {
    shown = text;
    document.title = text ? text + " · Hearthkey TV" : "Hearthkey TV";
  }
}

const send = connect(
  (next) => {
    view = next;
    away = false;
    startClocks(view, soon);
    soon();
    announce(view.say);
    title(view.title);
  },
  (isAway) => {
    if (isAway !== away) {
      away = isAway;
      soon();
      announce(away ? "This TV's software is not running" : view && view.title);
    }
  }
);

watchStandby(send);

// A drawing this page does not have leaves the initial under it.
document.addEventListener("error", (event) => {
  if (event.target.tagName === "IMG") {
    event.target.hidden = true;
  }
}, true);

document.addEventListener("keydown", (event) => {
  const text = view && view.keyboard && typedText(event);
  const name = text ? null : keyName(event);
  if (text || name) {
    event.preventDefault();
    send(text ? { text } : { k: name, repeat: event.repeat });
  }
});
