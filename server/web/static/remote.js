// The remote of a TV. Keys go over one socket to the server and on to the TV, which
// answers each; held ones repeat. Where there is no socket the forms still work.

const root = document.querySelector("[data-remote]");
const says = root.querySelector("[data-says]");
const shows = root.querySelector("[data-shows]");
const states = root.querySelector("[data-states]").content;
const textForm = root.querySelector("[data-text]");
const input = textForm.querySelector("input");

const BEAT = 5000; // a sign of life
const SILENT = 12000; // without the TV's
const AGAIN = [500, 1000, 2000, 4000, 8000];
const LOST = "lost";

// Why the server closes the socket (docs/protocol.md). Others are of the network.
const closes = { 4000: "offline", 4001: "busy", 4010: "ended", 4011: "refused", 4012: "old", 4013: "fast", 4014: "fast" };
const final = ["refused", "old", "fast"];

let socket;
let seq = 0;
let tries = 0;
let heard = 0;
let state = root.dataset.state;

function show(next) {
  state = next;
  if (root.dataset.state === next) return;
  root.dataset.state = next;
  const text = states.querySelector(`[data-for="${next}"]`)?.textContent;
  if (text) says.textContent = text;
}

const types = { password: "password", email: "email", digits: "text" };

function screen(f) {
  shows.textContent = f.title ?? "";
  shows.parentElement.hidden = !f.title;
  if (root.dataset.keyboard === f.keyboard) return;
  root.dataset.keyboard = f.keyboard;
  input.type = types[f.keyboard] ?? "text";
  input.inputMode = f.keyboard === "digits" ? "numeric" : "";
  input.value = "";
}

function hear(data) {
  heard = performance.now();
  let f;
  try {
    f = JSON.parse(data);
  } catch {
    return;
  }
  if (f.t === "welcome") {
    tries = 0;
    show("on");
  }
  if (f.t === "state") screen(f);
  if (f.t === "ack") root.dataset.acked = f.seq;
}

function connect() {
  clearTimeout(connect.timer);
  if (socket || document.visibilityState === "hidden") return;
  const address = new URL(root.dataset.remote, location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  const mine = (socket = new WebSocket(address, ["tvremote.v1"]));
  let opened = false;
  heard = performance.now();
  mine.addEventListener("open", () => {
    opened = true;
    send({ t: "hello", v: 1 });
  });
  mine.addEventListener("message", (e) => hear(e.data));
  mine.addEventListener("close", (e) => {
    if (socket === mine) lost(e.code);
    if (!opened) refused();
  });
}

// refused finds out why there was no socket: the session may be over, or the TV signed
// out. Then the server says more, or where to go.
async function refused() {
  const answer = await fetch(location.href, { redirect: "manual", cache: "no-store" }).catch(() => undefined);
  if (answer?.type === "opaqueredirect" || (answer?.status >= 400 && answer.status < 500)) location.reload();
}

function lost(code) {
  socket = undefined;
  release();
  const why = closes[code] ?? LOST;
  if (why === "ended") return location.reload(); // the server says where to go
  show(why);
  if (final.includes(why)) return;
  connect.timer = setTimeout(connect, AGAIN[Math.min(tries++, AGAIN.length - 1)]);
}

function send(f) {
  if (socket?.readyState !== WebSocket.OPEN) return false;
  socket.send(JSON.stringify(f));
  return true;
}

setInterval(() => {
  if (!socket) return;
  if (performance.now() - heard > SILENT) {
    const old = socket;
    lost();
    old.close();
    return;
  }
  send({ t: "ping", n: 0 });
}, BEAT);

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && !final.includes(state)) connect();
});
addEventListener("pagehide", () => {
  const old = socket;
  socket = undefined;
  old?.close();
});
addEventListener("pageshow", (e) => e.persisted && connect());

/* Keys */

const FIRST = 420; // until a held key repeats
const EACH = 160;
let held;

function press(key) {
  return send({ t: "key", seq: ++seq, key, action: "press" });
}

function release() {
  clearTimeout(held?.timer);
  held?.button.classList.remove("held");
  held = undefined;
}

function hold(button) {
  release();
  if (!press(button.value)) return false;
  const again = () => {
    if (press(button.value) && held) held.timer = setTimeout(again, EACH);
  };
  held = { button, timer: /^(Up|Down|Left|Right)$/.test(button.value) ? setTimeout(again, FIRST) : 0 };
  button.classList.add("held");
  navigator.vibrate?.(8);
  return true;
}

const keys = root.querySelector(".tvremote-keys");
let pressed; // by a pointer: its click is not a second press
keys.addEventListener("pointerdown", (e) => {
  const button = e.target.closest(".tvkey");
  if (!button || e.button !== 0) return;
  pressed = hold(button) ? button : undefined;
});
for (const end of ["pointerup", "pointercancel", "pointerleave"]) keys.addEventListener(end, release);
addEventListener("blur", release);
keys.addEventListener("contextmenu", (e) => e.target.closest(".tvkey") && e.preventDefault());
keys.addEventListener("click", (e) => {
  const button = e.target.closest(".tvkey");
  if (!button) return;
  const done = pressed === button || (e.detail === 0 && press(button.value));
  pressed = undefined;
  if (done || socket) e.preventDefault();
});

const typed = { ArrowUp: "Up", ArrowDown: "Down", ArrowLeft: "Left", ArrowRight: "Right", Enter: "OK", Escape: "Back", Home: "Home" };
document.addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest("input, textarea, select")) return;
  const control = e.target.closest("a, button, summary");
  if (control && (e.key === "Enter" || e.key === " ")) return; // it does its own
  const key = typed[e.key] ?? (/^[0-9]$/.test(e.key) ? e.key : undefined);
  if (key && press(key)) e.preventDefault();
});

/* Text */

textForm.addEventListener("submit", (e) => {
  const text = input.value;
  if (text === "" || [...text].length > 256) return;
  if (send({ t: "text", seq: ++seq, text })) {
    e.preventDefault();
    input.value = "";
    input.focus();
  }
});

root.classList.add("scripted");
if (!final.includes(state)) connect();
