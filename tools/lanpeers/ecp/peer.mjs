// roku-client, driven by lines of JSON: ["down"] or ["text", "anna"] on the input,
// one line of {"ok": …} or {"error": …} on the output for each.
import { createInterface } from "node:readline";
import { RokuClient, Keys } from "roku-client";

let tv;
const calls = {
  discover: async (ms) => { tv = await RokuClient.discover(ms); return tv.ip.toString(); },
  at: async (address) => { tv = new RokuClient(address); return tv.ip.toString(); },
  info: () => tv.info(),
  apps: () => tv.apps(),
  active: () => tv.active(),
  media: () => tv.mediaPlayer(),
  press: (...names) => tv.command().exec((c) => names.forEach((n) => c[n]())).send(),
  down: (name) => tv.keydown(Keys[name]),
  up: (name) => tv.keyup(Keys[name]),
  text: (text) => tv.text(text),
  // So many keys, 20 at a time; how many of them the TV took.
  flood: async (n) => {
    let taken = 0;
    const press = async () => {
      while (n-- > 0) await tv.keypress(Keys.UP).then(() => taken++, () => {});
    };
    await Promise.all(Array.from({ length: 20 }, press));
    return taken;
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...args] = JSON.parse(line);
  let answer;
  try {
    answer = { ok: (await calls[name](...args)) ?? null };
  } catch (error) {
    answer = { error: String(error.message) };
  }
  console.log(JSON.stringify(answer));
}
