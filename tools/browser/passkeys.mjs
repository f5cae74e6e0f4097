// Passkeys through the account page, with Chromium's virtual authenticator
// (WebAuthn.addVirtualAuthenticator of the DevTools protocol): added, refused,
// renamed, used to prove and to sign in, removed. It is run by tools/e2e, which
// has started a server at http://localhost:… whose clock it can move: a line
// "@later 660" on standard output is answered with a line on standard input.

import { createInterface } from "node:readline";
import { open } from "./browser.mjs";
import * as account from "./account.mjs";

const settings = JSON.parse(process.argv[2]); // server, shots
const { server } = settings;
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function later(seconds) {
  console.log(`@later ${seconds}`);
  const { value } = await answers.next();
  if (value !== "ok") throw new Error(`later: ${value}`);
}

const browser = await open({ hosts: [new URL(server).host], shots: settings.shots });
const page = await browser.person("account page", { viewport: { width: 1280, height: 800 } });
const devtools = await page.context().newCDPSession(page);
const security = server + "/account/security";

// plug adds an authenticator as in a phone: passkeys that sign in alone, and a
// fingerprint that always fits.
async function plug(options = {}) {
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", { options: {
    protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
    automaticPresenceSimulation: true, ...options,
  } });
  return authenticatorId;
}

const unplug = (authenticatorId) => devtools.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId });
const held = async (authenticatorId) => (await devtools.send("WebAuthn.getCredentials", { authenticatorId })).credentials;

// said waits for the sentence of a passkey form.
const said = (words) => page.locator("[data-passkey-say]:visible", { hasText: words }).first().waitFor();

async function form(name) {
  await page.goto(security + "/passkeys/new");
  await page.getByLabel("Name").fill(name);
  await page.getByRole("button", { name: "Continue" }).click();
}

let phone;

async function add() {
  await page.goto(security + "/passkeys/new");
  await page.look("passkey-new", { dark: true });
  phone = await plug();
  await form("Phone");
  await page.getByRole("heading", { name: "Your recovery codes" }).waitFor();
  const codes = await page.locator("#codes li").allTextContents();
  if (codes.length !== 10 || new Set(codes).size !== 10) throw new Error(`recovery codes: ${codes}`);
  await page.look("codes");
  await page.getByRole("link", { name: "I have kept them" }).click();
  await page.getByRole("heading", { name: "Phone", exact: true }).waitFor();
  const [key] = await held(phone);
  if (!key.isResidentCredential || key.rpId !== "localhost") throw new Error(`the passkey is ${JSON.stringify(key)}`);
  await page.look("security-passkeys", { dark: true });
}

// refuse is what a person meets who does something that cannot be.
async function refuse() {
  await form("Phone again");
  await said("holds a passkey of your account already");
  await page.look("passkey-known");
  await devtools.send("WebAuthn.setUserVerified", { authenticatorId: phone, isUserVerified: false });
  await devtools.send("WebAuthn.clearCredentials", { authenticatorId: phone }).catch(() => {});
  await unplug(phone);
  const broken = await plug({ isUserVerified: false });
  await form("A stranger’s finger");
  await said("Nothing happened");
  await unplug(broken);

  // A server that cannot be reached, and one that says no.
  phone = await plug();
  page.refusals.push(/ERR_FAILED|status of 4/);
  await page.route("**/passkeys/begin", (r) => r.abort());
  await form("Offline");
  await said("could not reach the server");
  await page.unroute("**/passkeys/begin");
  await page.route("**/passkeys/begin", (r) => r.fulfill({ status: 422, contentType: "application/json", body: '{"error":"Not today."}' }));
  await form("Refused");
  await said("Not today.");
  await page.unroute("**/passkeys/begin");
  page.refusals.pop();

  await page.goto(security);
  const n = await page.getByRole("link", { name: /^Rename/ }).count();
  if (n !== 1) throw new Error(`${n} passkeys after what was refused`);
}

async function second() {
  await form("Laptop");
  await page.waitForURL(security);
  await page.getByText("The passkey is added").waitFor();
  await page.getByRole("link", { name: "Rename Laptop" }).click();
  await page.getByLabel("Name").fill("");
  await page.getByRole("button", { name: "Save" }).click();
  await account.refused(page);
  await page.getByLabel("Name").fill("Robin’s laptop");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "Robin’s laptop" }).waitFor();
}

// prove gives a passkey in place of the password, on the way to a page.
async function prove() {
  await later(11 * 60);
  await page.goto(server + "/tv?code=BCDF-GHJK");
  await page.waitForURL("**/proof?*");
  await page.look("proof", { dark: true });
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await page.waitForURL(server + "/tv?code=BCDF-GHJK");
  await page.getByText("No TV is waiting with that code").waitFor();
  await page.goto(security);
  await page.getByText(/used (just now|this minute|\d+ seconds? ago|\d+ minutes? ago|in)/).first().waitFor();

  // The session ran out of proof while a form was open: the script lets the
  // server say where to go.
  await page.goto(security + "/passkeys/new");
  await later(11 * 60);
  await page.getByLabel("Name").fill("Late");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.waitForURL("**/proof?*");
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await page.waitForURL(security + "/passkeys/new");
}

// touch says whether the authenticator finds a finger on it. Without one, what
// the browser offers by itself stays an offer.
const touch = (enabled) => devtools.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId: phone, enabled });

async function signOut() {
  await touch(false);
  await page.goto(server + "/");
  await page.locator("details.menu summary").click();
  await page.getByRole("button", { name: /Sign out of this browser/ }).click();
  await page.waitForURL(server + "/signin*");
}

async function enter() {
  await page.waitForURL("**/profiles*");
  await page.locator("main").getByRole("button").first().click();
  await page.waitForURL(server + "/");
}

async function signIn() {
  await signOut();
  await page.look("signin-passkey");
  await touch(true);
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await enter();
  await page.goto(server + "/account/timeline");
  await page.getByText("Signed in on the web").first().waitFor();
}

// secondFactor has the password need the passkey, and gives both.
async function secondFactor() {
  await page.goto(security);
  await page.getByRole("link", { name: "Ask for a passkey too" }).click();
  await page.look("second-factor");
  await page.getByRole("button", { name: "Ask for it" }).click();
  await page.getByText("Your password needs a second factor").waitFor();
  await signOut();
  await page.getByLabel(/^Email/).fill(account.EMAIL);
  await page.getByLabel("Password").fill(account.PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL(server + "/signin/code*");
  await page.look("signin-second");
  await touch(true);
  await page.getByRole("button", { name: /passkey/i }).click();
  await enter();
}

async function remove() {
  await page.goto(security);
  for (const name of ["Phone", "Robin’s laptop"]) {
    await page.getByRole("link", { name: `Remove ${name}` }).click();
    await page.look("passkey-remove");
    await page.getByRole("button", { name: "Remove" }).click();
    await page.getByText("The passkey is removed").waitFor();
  }
  await page.getByText("The password is all that is needed").waitFor();
}

// without is a browser that has no passkeys, and one that runs no scripts.
async function without() {
  await page.addInitScript(() => delete window.PublicKeyCredential);
  await page.goto(security + "/passkeys/new");
  await page.getByText("This browser cannot use passkeys").waitFor();
  if (await page.getByRole("button", { name: "Continue" }).isVisible()) throw new Error("a form that cannot work is shown");
  await page.look("passkey-without");
}

const steps = [
  ["sign up", () => account.signUp({ browser, page, server })],
  ["add a passkey, and see the recovery codes once", add],
  ["what is refused says why", refuse],
  ["another one, renamed", second],
  ["prove with it in place of the password", prove],
  ["sign in with it alone", signIn],
  ["sign in with the password and it", secondFactor],
  ["remove both", remove],
  ["a browser without passkeys", without],
];

try {
  await devtools.send("WebAuthn.enable");
  for (const [what, step] of steps) {
    const began = Date.now();
    await step();
    console.log(`${what}: ${Date.now() - began} ms`);
  }
} catch (e) {
  console.log(`FAILED: ${e.stack}\nthe page is at ${page.url()}: ${await page.evaluate(() => document.body.innerText).catch(() => "")}`);
  process.exitCode = 1;
}
for (const f of browser.faults) console.log(`FAULT: ${f}`);
if (browser.faults.length > 0) process.exitCode = 1;
console.log(`${browser.looked.length} pages looked at, ${browser.faults.length} faults`);
await browser.close();
process.exit();
