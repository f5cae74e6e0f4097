// Drives clients/js/hearthkey.js against a server: URL and token are the arguments.
import { Hearthkey } from "../../../clients/js/hearthkey.js";

const [url, token] = process.argv.slice(2);
const say = (...words) => console.log(words.join(" "));
const next = (tv, event) => new Promise((resolve) => {
  const end = tv.on(event, (v) => queueMicrotask(() => { end(); resolve(v); }));
});

const tv = new Hearthkey({ url, token, client: "test" });
await new Promise((resolve) => tv.on("connection", (up) => {
  say("connection", up);
  if (up) resolve();
}));
say("view", (await next(tv, "view")).screen);
say("status", (await next(tv, "status")).phase);
say("press", JSON.stringify(await tv.call("press", { key: "OK" })));
await tv.call("press", { key: "Wrong" }).catch((err) => say("wrong key", err.code));
say("status", (await tv.call("status")).name);
await tv.call("sign_out").catch((err) => say("refused", err.code));
tv.listeners.clear();
tv.close();
await tv.call("status").catch((err) => say("closed", err.code));

const stranger = new Hearthkey({ url, token: token.replace("0", "1") });
const err = await next(stranger, "error");
say("wrong token", err.code);
stranger.close();
