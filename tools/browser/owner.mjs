// An owner looks after the account: codes, phone, authenticator app, a new
// address that is disputed, recovery, "It wasn't me", the steps after a hack, the
// data, the way out. It is run by tools/e2e, which has started a server at
// http://localhost:… whose clock it can move: a line "@later 660" on standard
// output is answered with a line on standard input.

import { createInterface } from "node:readline";
import { open } from "./browser.mjs";
import { EMAIL, PASSWORD, signUp } from "./account.mjs";
import * as contact from "./ownercontact.mjs";
import * as safe from "./ownersafe.mjs";
import * as leaving from "./ownerdata.mjs";

const settings = JSON.parse(process.argv[2]); // server, shots, temp
const { server } = settings;
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const browser = await open({ hosts: [new URL(server).host], shots: settings.shots });
const desktop = { viewport: { width: 1280, height: 800 }, acceptDownloads: true };
const page = await browser.person("the owner", desktop);

// world is what the steps share: what the owner knows, and the page in use.
const world = {
  ...settings, browser, page, email: EMAIL, password: PASSWORD, secret: "", codes: [],
  ahead: 0, // seconds that the server's clock is ahead

  async later(seconds) {
    console.log(`@later ${seconds}`);
    const { value } = await answers.next();
    if (value !== "ok") throw new Error(`later: ${value}`);
    this.ahead += seconds;
  },

  now() { return Date.now() + this.ahead * 1000; },

  // another is a browser that the account has never seen.
  another: (name) => browser.person(name, desktop),

  // go opens a page of the account, with the password again, and a code or the
  // second factor, where they are asked for.
  async go(path) {
    await this.page.goto(server + path);
    if (this.page.url().includes("/proof?")) {
      await this.page.getByLabel("Password").fill(this.password);
      await this.page.keyboard.press("Enter");
      await this.page.waitForURL((url) => url.pathname !== "/proof");
    }
    await contact.check(this, this.page);
    await this.page.waitForURL((url) => url.pathname + url.search === path);
  },
};

const steps = [
  ["sign up", () => signUp({ browser, page, server })],
  ["sign in on an unknown browser, with the code from the mail", contact.unknownBrowser],
  ["change the language by keyboard alone, and change it back", contact.language],
  ["add a phone with the code from the SMS", contact.phone],
  ["add an authenticator app, and see the recovery codes once", contact.app],
  ["sign in with its code", contact.appSignIn],
  ["sign in with a recovery code", contact.recoveryCode],
  ["change the address, with a code to the new one", contact.address],
  ["the old address changes it back, with the second factor", safe.revert],
  ["recover the account by mail", safe.recover],
  ["a changed profile: “It wasn’t me”", safe.notMe],
  ["my account was hacked: all its steps", safe.hacked],
  ["download everything as JSON", leaving.download],
  ["delete the account, and keep it", leaving.keep],
];

try {
  for (const [what, step] of steps) {
    const began = Date.now();
    await step(world);
    console.log(`${what}: ${Date.now() - began} ms`);
  }
} catch (e) {
  const at = world.page;
  console.log(`FAILED: ${e.stack}\nthe page is at ${at.url()}: ${await at.evaluate(() => document.body.innerText).catch(() => "")}`);
  process.exitCode = 1;
}
for (const f of browser.faults) console.log(`FAULT: ${f}`);
if (browser.faults.length > 0) process.exitCode = 1;
console.log(`${browser.looked.length} pages looked at, ${browser.faults.length} faults`);
await browser.close();
process.exit();
