// Hearthkey's local API for middleware that is a web page: one ES module, no other
// file, for browsers of the level of Chromium 79.
//
//   import { Hearthkey } from "./hearthkey.js";
//   const tv = new Hearthkey({ url: "ws://127.0.0.1:8713/local", token });
//   tv.on("view", (view) => draw(view));
//   tv.on("status", (status) => …);
//   tv.on("connection", (up) => …);            // of this module: is the agent there?
//   await tv.call("press", { key: "OK" });
//   const { verdict } = await tv.call("decide", { title: "t-1" });
//   tv.close();
//
// It connects by itself, and again with growing pauses when the agent was away; what is
// subscribed to comes again then. A call that cannot be made or answered is a rejected
// promise with an Error whose code is the API's (2: the agent is not there), and is never
// repeated: a key that was pressed twice would be two keys.
// docs/integrators.md has the calls, events and codes.

const SUBPROTOCOL = "hearthkey.local.v1";
const PAUSES = [100, 300, 1000, 3000]; // ms before each try; the last one from then on
const MAX_WAITING = 64; // calls without an answer

/** What a call is rejected with. code is a number of the API, or 2. */
export class HearthkeyError extends Error {
  constructor(code, message) {
    super(message);
    this.name = "HearthkeyError";
    this.code = code;
  }
}

export class Hearthkey {
  /** options: url, token; client (a name for the log), WebSocket (for tests) */
  constructor(options) {
    this.options = options;
    this.listeners = new Map(); // event → functions
    this.waiting = new Map(); // id → {resolve, reject}
    this.lastID = 0;
    this.tries = 0;
    this.closed = false;
    this.up = false;
    this.api = 0;
    this.connect();
  }

  /** Has f called with each new value of an event: view, status, grant, connection. Returns what ends that. */
  on(event, f) {
    if (!this.listeners.has(event)) this.listeners.set(event, new Set());
    this.listeners.get(event).add(f);
    if (event === "connection") f(this.up);
    else this.subscribe();
    return () => {
      this.listeners.get(event).delete(f);
      if (event !== "connection") this.subscribe();
    };
  }

  /** Makes a call; the promise has its result. */
  call(method, params) {
    if (!this.up) return Promise.reject(new HearthkeyError(2, "the agent is not there"));
    return this.send(method, params);
  }

  /** Ends the connection for good. */
  close() {
    this.closed = true;
    clearTimeout(this.timer);
    if (this.socket) this.socket.close();
    this.lost();
  }

  // From here on: the module's own.

  connect() {
    const Socket = this.options.WebSocket || WebSocket;
    const socket = new Socket(this.options.url, SUBPROTOCOL);
    this.socket = socket;
    socket.onopen = () => this.greet();
    socket.onmessage = (e) => this.heard(e.data);
    socket.onclose = () => {
      if (socket === this.socket) this.lost();
    };
    socket.onerror = () => {}; // close follows
  }

  greet() {
    this.send("hello", { client: this.options.client || "hearthkey.js", token: this.options.token }).then(
      (welcome) => {
        this.api = welcome.api;
        this.tries = 0;
        this.up = true;
        this.subscribe();
        this.emit("connection", true);
      },
      (err) => this.emit("error", err),
    );
  }

  subscribe() {
    if (!this.up) return;
    const events = ["view", "status", "grant"].filter((e) => (this.listeners.get(e) || new Set()).size > 0);
    this.send("subscribe", { events }).catch(() => {}); // the connection is lost, and begins anew
  }

  send(method, params) {
    if (this.waiting.size >= MAX_WAITING) return Promise.reject(new HearthkeyError(3, "too many calls at once"));
    const id = ++this.lastID;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params: params || {} }));
    });
  }

  heard(data) {
    const m = JSON.parse(data);
    if (m.method) {
      this.emit(m.method, m.params);
      return;
    }
    const call = this.waiting.get(m.id);
    this.waiting.delete(m.id);
    if (!call) return;
    if (m.error) call.reject(new HearthkeyError(m.error.code, m.error.message));
    else call.resolve(m.result);
  }

  lost() {
    const was = this.up;
    this.up = false;
    this.socket = null;
    for (const call of this.waiting.values()) call.reject(new HearthkeyError(2, "the agent is not there"));
    this.waiting.clear();
    if (was) this.emit("connection", false);
    if (this.closed) return;
    this.timer = setTimeout(() => this.connect(), PAUSES[Math.min(this.tries++, PAUSES.length - 1)]);
  }

  emit(event, value) {
    for (const f of this.listeners.get(event) || []) f(value);
  }
}
