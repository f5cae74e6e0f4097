// An owner controls a TV from the account page: with a thumb, a keyboard and without
// scripts. It is run by tools/e2e, which has started a server and one TV that nobody
// has signed in yet.

import { open, until } from "./browser.mjs";
import { TV } from "./tv.mjs";

const settings = JSON.parse(process.argv[2]); // server, tv, shots
const { server } = settings;
const browser = await open({ hosts: [server, settings.tv].map((url) => new URL(url).host), shots: settings.shots });
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const phone = await browser.person("a phone", PHONE);
const tv = new TV(await browser.person("the TV", { viewport: { width: 1920, height: 1080 } }), settings.tv);

// state waits until the page says how far the control is.
const state = (page, name) => page.waitForSelector(`[data-remote][data-state="${name}"]`);
const connected = async () => {
  await state(phone, "on");
  await tv.says(/controls this TV from the account page/);
};

// tap presses a key of the page, and waits until the TV has answered it.
async function tap(...names) {
  for (const name of names) {
    const before = await phone.getAttribute("[data-remote]", "data-acked");
    await phone.getByRole("button", { name, exact: true }).tap();
    await phone.waitForFunction((old) => document.querySelector("[data-remote]").dataset.acked !== (old ?? undefined), before);
  }
}

// look draws the page as a computer and a phone show it.
async function look(what, more) {
  await phone.setViewportSize({ width: 1280, height: 800 });
  await phone.look(what, more);
  await phone.setViewportSize(PHONE.viewport);
}

async function signUp() {
  await phone.goto(server + "/signup");
  await phone.getByLabel("Email").fill("mara@example.com");
  await phone.getByLabel("Password", { exact: true }).fill("four copper kettles sing");
  await phone.keyboard.press("Enter");
  await phone.waitForURL(server + "/verify");
  const code = await until("the mail with the code", async () => {
    const { messages } = await (await phone.request.get(server + "/dev/outbox.json")).json();
    const found = /\b(\d{6})\b/.exec(messages[0]?.text ?? "");
    return [found, found?.[1]];
  });
  await phone.getByLabel("Access code").fill(code);
  await phone.keyboard.press("Enter");
  await phone.waitForURL(server + "/profiles");
  await phone.locator("main").getByRole("button").first().click();
  await phone.waitForURL(server + "/");
}

async function signInTheTV() {
  await tv.open();
  await tv.screen("welcome");
  await tv.press("Enter");
  await tv.screen("code");
  await phone.goto(`${server}/tv?code=${await tv.userCode()}`);
  await phone.getByRole("button", { name: "Approve" }).click();
  await phone.waitForURL("**/tv/done*");
  await tv.screen("gate");
}

async function moves() {
  await phone.goto(server + "/account/devices");
  await phone.getByRole("link", { name: "Remote for Bedroom TV" }).tap();
  await phone.waitForURL("**/remote");
  await connected();
  await tv.look("controlled");
  await phone.getByText("Connected: this is your remote now").waitFor();
  const first = await tv.focus();
  await tap("Right");
  await until("the focus to move", async () => {
    const now = await tv.focus();
    return [now !== first && now !== "", now];
  });
  await tap("Left", "OK");
  await tv.screen("home");
  await look("remote", { dark: true });
}

async function byKeyboard() {
  const first = await tv.focus();
  await phone.locator("h1").click(); // out of any field
  await phone.keyboard.press("ArrowDown");
  await until("the focus to move", async () => {
    const now = await tv.focus();
    return [now !== first && now !== "", now];
  });
  await phone.keyboard.press("ArrowUp");
}

async function types() {
  await phone.getByLabel("Type on the TV").fill("night");
  await phone.getByRole("button", { name: "Type it" }).tap();
  await tv.screen("search");
  await tv.says(/night/i);
  await phone.waitForSelector('[data-remote][data-keyboard="text"]');
  await tap("Home");
  await tv.screen("home");
}

// No key sequence, and no PIN, from here.
async function reachesNoSignOut() {
  await tap("Up", "Up", "Down", "Down", "Left", "Right", "Left", "Right", "Up", "Up", "Up", "Up");
  if (await tv.page.locator("[role=dialog], [role=alertdialog]").count()) throw new Error(`the key sequence opened ${await tv.text()}`);
}

async function pairing() {
  await phone.getByRole("link", { name: "Paired remotes of this TV" }).tap();
  await phone.getByText("No remote is paired").waitFor();
  await look("remotes", { dark: true });
  await phone.getByRole("button", { name: "Open pairing on this TV" }).click();
  await phone.getByText("The TV shows a code now.").last().waitFor(); // live
  await tv.screen("pairing");
  await tv.look("pairing-from-afar");
  await look("remotes-open");
  await tv.press("Escape");
}

async function scriptless() {
  const plain = await browser.person("a phone without scripts", { ...PHONE, javaScriptEnabled: false, storageState: await phone.context().storageState() });
  await plain.goto(server + "/account/devices");
  await plain.getByRole("link", { name: "Remote for Bedroom TV" }).click();
  await plain.getByRole("button", { name: "Home", exact: true }).click();
  await plain.getByText("Connected: this is your remote now").waitFor();
  await tv.screen("home");
  const first = await tv.focus();
  await plain.getByRole("button", { name: "Down", exact: true }).click();
  await until("the focus to move", async () => {
    const now = await tv.focus();
    return [now !== first && now !== "", now];
  });
  await plain.getByLabel("Type on the TV").fill("kite");
  await plain.getByRole("button", { name: "Type it" }).click();
  await tv.says(/kite/i);
  await plain.context().close();
}

async function refuses() {
  await phone.goBack();
  await phone.goto(phone.url().replace(/\/remotes.*/, "/remote"));
  await connected();
  await tv.press("Escape");
  await state(phone, "refused");
  await phone.getByText("Somebody at the TV does not allow it").waitFor();
  await until("the banner to go", async () => {
    const now = await tv.text();
    return [!/controls this TV/.test(now), now];
  });
  await look("remote-refused");
  await phone.reload();
  await phone.getByText("Somebody at the TV does not allow it").waitFor();
  await phone.goto(server + "/account/timeline");
  await phone.getByText("Controlled from the account page").first().waitFor();
}

const steps = [
  ["sign up", signUp],
  ["a TV signs in", signInTheTV],
  ["the phone's keys move the TV, and a banner says so", moves],
  ["a keyboard's do too", byKeyboard],
  ["text is typed on the TV", types],
  ["no sign-out from there", reachesNoSignOut],
  ["pairing is opened from there", pairing],
  ["keys and text without JavaScript", scriptless],
  ["one key at the TV refuses", refuses],
];

let failed = "";
for (const [what, step] of steps) {
  const begun = Date.now();
  try {
    await step();
    console.log(`ok   ${what} (${((Date.now() - begun) / 1000).toFixed(1)} s)`);
  } catch (e) {
    failed = `${what}: ${e.stack}\nTV: ${await tv.text().catch(() => "")}\npage: ${phone.url()}`;
    break;
  }
}
await browser.close();
for (const f of browser.faults) console.log(`FAULT ${f}`);
if (failed) console.log(`FAILED ${failed}`);
process.exit(failed || browser.faults.length ? 1 : 0);
