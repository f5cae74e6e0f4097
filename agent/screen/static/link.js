// The socket to the agent. It opens itself again when it is lost.

const FIRST_WAIT = 250; // ms until the first new try
const LONGEST_WAIT = 2000;
const QUIET = 700; // ms without a socket until the person is told

// connect calls onView with every view and onGone(true) once the agent has
// been away for a while, onGone(false) when it is back, and onNothing(key) for a
// key that was handled and changed nothing. It returns send(message),
// which sends a key ({k, repeat}), typed characters ({text}) or the end of standby
// ({resumed}) and measures the time until what came of it is painted: performance entries "key to paint".
export function connect(onView, onGone, onNothing) {
  let socket = null;
  let wait = FIRST_WAIT;
  let count = 0;
  let views = 0; // so far
  let pressed = []; // keys on their way: [n, name, views when it was sent]
  let told = setTimeout(onGone, QUIET, true);

  function open() {
    const address = "ws://" + location.host + "/screen";
    socket = new WebSocket(address);
    socket.onopen = () => {
      wait = FIRST_WAIT;
      clearTimeout(told);
      told = 0;
      onGone(false);
    };
    socket.onmessage = (event) => receive(JSON.parse(event.data));
    socket.onclose = () => {
      pressed = [];
      if (!told) {
        told = setTimeout(onGone, QUIET, true);
      }
      setTimeout(open, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    };
  }

  function receive(message) {
    if (message.view) {
      views++;
      onView(message.view);
    }
    if (message.ack) {
      painted(message.ack);
    }
  }

  // painted measures the keys up to number n, after the next frame.
  function painted(n) {
    const done = pressed.filter((key) => key[0] <= n);
    pressed = pressed.filter((key) => key[0] > n);
    if (done.length === 0) {
      return;
    }
    const last = done[done.length - 1];
    if (last[2] === views) {
      onNothing(last[1]);
    }
    requestAnimationFrame(() => setTimeout(() => {
      for (const key of done) {
        performance.mark("paint");
        performance.measure("key to paint", "key " + key[0], "paint");
        performance.clearMarks("key " + key[0]);
        performance.clearMarks("paint");
      }
      if (performance.getEntriesByName("key to paint").length > 2000) {
        performance.clearMeasures("key to paint");
      }
    }));
  }

  open();
  return function send(message) {
    if (!socket || socket.readyState !== WebSocket.OPEN) {
      return;
    }
    count++;
    pressed.push([count, message.k, views]);
    performance.mark("key " + count);
    socket.send(JSON.stringify(Object.assign({ n: count }, message)));
  };
}
