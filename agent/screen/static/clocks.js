// Times that go on between two views: a view says how many seconds are left,
// the page counts on from there.

const anchors = new Map(); // name → [value in the view, when it came]
let timer = 0;
let touched = 0; // when a key came last
let place = ""; // the screen, and what plays on it

const IDLE = 5000; // ms after a key until the player's controls go

// touch notes that a key came.
export function touch() {
  touched = performance.now();
}

// idle reports whether nobody has pressed a key for a while.
export function idle() {
  return performance.now() - touched > IDLE;
}

// startClocks notes the times of a new view, and repaints each second while
// there are any. A value that came unchanged goes on from where it was.
export function startClocks(view, paint) {
  const times = timesOf(view);
  for (const name of Array.from(anchors.keys())) {
    if (!(name in times)) {
      anchors.delete(name);
    }
  }
  for (const name in times) {
    const known = anchors.get(name);
    if (!known || known[0] !== times[name]) {
      anchors.set(name, [times[name], performance.now()]);
    }
  }
  const here = view.screen + (view.player ? view.player.poster : "");
  if (here !== place) {
    place = here;
    touch();
  }
  clearInterval(timer);
  timer = anchors.size > 0 ? setInterval(paint, 1000) : 0;
}

function timesOf(view) {
  const times = {};
  if (view.code && view.code.text) {
    times["code " + view.code.text] = view.code.expires;
  }
  if (view.pin && view.pin.wait) {
    times.wait = view.pin.wait;
  }
  if (view.player && !view.player.paused) {
    times["player " + view.player.poster] = view.player.position;
  }
  return times;
}

function passed(name) {
  const known = anchors.get(name);
  return known ? (performance.now() - known[1]) / 1000 : 0;
}

// expires returns how many seconds the code has left.
export function expires(code) {
  return Math.max(0, code.expires - passed("code " + code.text));
}

// waitLeft returns how many seconds the PIN has to wait.
export function waitLeft(pin) {
  return Math.max(0, Math.ceil(pin.wait - passed("wait")));
}

// position returns where the player is.
export function position(player) {
  return Math.min(player.length, player.position + passed("player " + player.poster));
}
