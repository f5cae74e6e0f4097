// The tour of a household through pages and screens, by keyboard and mouse. It is
// run by tools/e2e, which has started a server and two TVs that nobody has signed
// in yet, and pulls plugs when this program says so: a line "@unplug 1" on
// standard output is answered with a line on standard input.

import { createInterface } from "node:readline";
import { open } from "./browser.mjs";
import { TV } from "./tv.mjs";
import * as account from "./account.mjs";
import * as devices from "./devices.mjs";
import * as family from "./family.mjs";
import { parental } from "./parental.mjs";
import * as screens from "./screens.mjs";

const settings = JSON.parse(process.argv[2]); // server, tvs, shots, temp
const hosts = [settings.server, ...settings.tvs].map((url) => new URL(url).host);
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

// ask has the Go test do something, and waits for it.
async function ask(...words) {
  console.log("@" + words.join(" "));
  const { value } = await answers.next();
  if (value !== "ok") throw new Error(`${words.join(" ")}: ${value}`);
}

const browser = await open({ hosts, shots: settings.shots });
const page = await browser.person("account page", { viewport: { width: 1280, height: 800 }, acceptDownloads: true });
const tvs = [];
for (const [i, url] of settings.tvs.entries()) {
  tvs.push(new TV(await browser.person(`TV ${i + 1}`, { viewport: { width: 1920, height: 1080 } }), url));
}
const world = { ...settings, browser, page, tvs, ask };

const steps = [
  ["sign up by keyboard, with the code from the outbox page", account.signUp],
  ["profiles: name, add, lock", account.profiles],
  ["blocked titles, parental control, a forgotten PIN on the pages", parental],
  ["a TV signs in with the code that a person types", screens.signInByCode],
  ["another one with the link of its picture", screens.signInByLink],
  ["TV: add a profile, with the main profile's PIN", family.addProfile],
  ["TV: gate, PIN, home", screens.gate],
  ["TV: title, player", screens.titles],
  ["TV: search, a series, the next episode", family.series],
  ["TV: edit the profile in use", family.editProfile],
  ["a parental PIN, asked for at the TV", family.parental],
  ["TV: a kids profile", family.kids],
  ["a forgotten PIN: the new one goes on at the TV", family.forgotPIN],
  ["TV: menu, settings, a question that No answers", screens.settings],
  ["TV: the key sequence, and the keys of other remotes", screens.sequence],
  ["rename a TV", account.rename],
  ["sign one out: confirmed live, with its receipt", account.signOutOne],
  ["an unplugged TV and its bound; plugged in, it confirms live", account.everywhere],
  ["deactivate one", account.deactivate],
  ["TV: sign out with its remote", screens.signOutHere],
  ["a TV's link opened elsewhere: refused", devices.stranger],
  ["a TV signed in until a date, by keyboard", devices.guest],
  ["a stolen TV, to its end, by keyboard", devices.theft],
  ["another browser is signed out", devices.otherBrowser],
  ["every action on devices without JavaScript", devices.scriptless],
  ["every other page", account.others],
  ["all of it without JavaScript", account.withoutScript],
  ["TV: sign in with address, password and code", screens.signInByPassword],
];

try {
  for (const [what, step] of steps) {
    const began = Date.now();
    await step(world);
    console.log(`${what}: ${Date.now() - began} ms`);
  }
} catch (e) {
  console.log(`FAILED: ${e.stack}\nthe page is at ${page.url()}: ${await page.evaluate(() => document.body.innerText).catch(() => "")}`);
  for (const [i, tv] of tvs.entries()) console.log(`TV ${i + 1}: ${await tv.page.evaluate(() => document.body.innerText).catch(() => "")}`);
  process.exitCode = 1;
}
for (const f of browser.faults) console.log(`FAULT: ${f}`);
if (browser.faults.length > 0) process.exitCode = 1;
console.log(`${browser.looked.length} pages and screens looked at, ${browser.faults.length} faults`);
await browser.close();
process.exit();
