// An example host in JavaScript, for Node: middleware of a box as a loop over its own input
// and the agent. In a page it is the same, without the lines.
//
//   hearthkey-agent … -local-web 127.0.0.1:8713 -local-token /var/lib/hearthkey/token
//   node --experimental-websocket example_host.mjs ws://127.0.0.1:8713/local /var/lib/hearthkey/token
//
// (Node 22 and newer need no flag.) It takes lines like "press OK", "decide t-1", "status" from its standard
// input, and prints what comes of them and every screen that is shown.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Hearthkey } from "./hearthkey.js";

const [url, tokenFile] = process.argv.slice(2);
const token = readFileSync(tokenFile, "utf8").trim();
const tv = new Hearthkey({ url, token, client: "example_host.mjs" });

for (const event of ["view", "status", "grant"]) {
  tv.on(event, (value) => console.log(event, JSON.stringify(value).slice(0, 60)));
}
tv.on("error", (err) => console.log("error:", err.code, err.message)); // such as a wrong token

/** What a line begins with → what it does; the result is printed. */
const commands = {
  press: (key) => tv.call("press", { key }),
  text: (text) => tv.call("text", { text }),
  launch: (title) => tv.call("launch", { title }),
  resume: () => tv.call("resume"),
  start: (title) => tv.call("report", { title, what: "started", length: 5400 }),
  stopped: (title) => tv.call("report", { title, what: "stopped", position: 60, length: 5400 }),
  sign_out: () => tv.call("sign_out"),
  // An agent may be gone before its answer is: error 2.
  stop: () => tv.call("stop").catch((e) => { if (e.code !== 2) throw e; }),
  decide: async (title) => {
    const d = await tv.call("decide", { title });
    return `${d.verdict} ${d.pin || d.reason || ""} ${d.age || 0}`;
  },
  grant: async () => {
    const g = await tv.call("grant");
    return `play=${g.play} title=${g.title || ""} token=${g.token ? "yes" : "no"} left=${g.left > 0 ? "yes" : "no"}`;
  },
  status: async () => {
    const s = await tv.call("status");
    const who = s.profile || {};
    return `${s.phase} ${s.online ? "online" : "offline"} profile=${who.id || ""} kids=${who.kids ? 1 : 0} level=${who.level || 0}`;
  },
};

/** Whether the agent is there, now or later. */
const connected = () => new Promise((resolve) => {
  const end = tv.on("connection", (up) => up && queueMicrotask(() => { end(); resolve(); }));
});

await connected();
for await (const line of createInterface({ input: process.stdin })) {
  const [word, ...rest] = line.split(" ");
  const command = commands[word];
  if (!command) {
    console.log(`${word}: no such command`);
    continue;
  }
  try {
    const result = await command(rest.join(" "));
    console.log(`${word}: ${typeof result === "string" ? result : "done"}`);
  } catch (err) {
    console.log(`${word}: error ${err.code}: ${err.message}`);
  }
}
tv.close();
