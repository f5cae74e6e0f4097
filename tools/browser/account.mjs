// What an owner does on the account page.

import { readFileSync } from "node:fs";
import { tabTo, until } from "./browser.mjs";

export const EMAIL = "robin@example.com";
export const PASSWORD = "four copper kettles sing";
export const PIN = "7391";

// refused waits until a form says what is wrong with it.
export const refused = (page) => page.locator("[aria-invalid=true], [role=alert]").first().waitFor();

// signUp uses the keyboard alone.
export async function signUp({ browser, page, server }) {
  await page.goto(server + "/");
  await page.look("landing", { dark: true });
  await tabTo(page, "Create an account");
  await page.keyboard.press("Enter");
  await page.waitForURL(server + "/signup");
  await page.look("signup");
  await tabTo(page, /^Email/);
  await page.keyboard.type(EMAIL);
  await tabTo(page, /^Password|^New password/);
  await page.keyboard.type("password1");
  await page.keyboard.press("Enter");
  await refused(page);
  await page.look("signup-refused");
  await page.getByLabel(/password/i).first().fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.waitForURL(server + "/verify");
  await page.look("verify");

  const outbox = await page.context().newPage();
  await outbox.goto(server + "/dev/outbox");
  const code = await until("the mail with the code", async () => {
    const text = await outbox.locator("main").evaluate((main) => main.textContent);
    const found = /\b(\d{6})\b/.exec(text);
    return [found, found ? found[1] : text.slice(0, 200)];
  });
  await outbox.close();
  await page.getByLabel("Access code").fill(code === "000000" ? "000001" : "000000");
  await page.keyboard.press("Enter");
  await refused(page);
  await page.look("verify-wrong");
  await page.getByLabel("Access code").fill(code);
  await page.keyboard.press("Enter");
  await page.waitForURL(server + "/profiles");
  await page.look("who");
  await page.locator("main").getByRole("button").first().press("Enter");
  await page.waitForURL(server + "/");
  await page.look("home");
}

// profiles names the two that are there, adds one and locks the first.
export async function profiles({ page, server }) {
  await page.goto(server + "/account/profiles");
  const edit = page.getByRole("link", { name: /^Edit/ });
  await edit.first().click();
  await page.getByLabel("Name").fill("");
  await page.getByRole("button", { name: "Save" }).click();
  await refused(page);
  await page.look("profile-refused");
  await page.getByLabel("Name").fill("Robin");
  await page.locator("input[name=avatar][value=fox]").check({ force: true });
  await page.look("profile");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("status").first().waitFor();

  await page.goto(server + "/account/profiles");
  await edit.nth(1).click();
  await page.getByLabel("Name").fill("Kids");
  await page.locator("input[name=avatar][value=kite]").check({ force: true });
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("status").first().waitFor();

  await page.goto(server + "/account/profiles/new");
  await page.getByLabel("Name").fill("Sasha");
  await page.locator("input[name=avatar][value=comet]").check({ force: true });
  await page.look("profile-new");
  await page.getByRole("button", { name: "Add profile" }).click();
  await page.waitForURL(server + "/account/profiles*");
  await page.getByRole("heading", { name: "Sasha" }).waitFor();
  await lock(page, server);
}

async function lock(page, server) {
  await page.goto(server + "/account/profiles");
  await page.getByRole("link", { name: "Lock Robin" }).click();
  await page.look("lock");
  await page.getByLabel(/password/i).fill(PASSWORD);
  await page.getByLabel(/PIN/).first().fill("1234");
  await page.getByRole("button", { name: "Lock this profile" }).click();
  await page.getByText("easily guessed").waitFor();
  await page.look("lock-easy");
  await page.getByLabel(/password/i).fill(PASSWORD);
  await page.getByLabel(/PIN/).first().fill(PIN);
  await page.getByRole("button", { name: "Lock this profile" }).click();
  await page.waitForURL(server + "/account/profiles*");
  await page.getByText("Locked").first().waitFor();
  await page.look("profiles", { dark: true });
}

// approve presses the button on the page that shows what a code would approve.
export async function approve(page) {
  await page.getByRole("button", { name: "Approve" }).click();
  await page.waitForURL("**/tv/done*");
}

export async function rename({ page, server }) {
  await page.goto(server + "/account/devices");
  await page.getByText("Online now").nth(1).waitFor();
  await page.look("devices", { dark: true });
  await more(page, "Bedroom TV");
  await page.look("devices-more", { dark: true });
  await tabTo(page, "Rename Bedroom TV");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/rename");
  await page.look("rename");
  await page.getByLabel("Name").fill("");
  await page.keyboard.press("Enter");
  await refused(page);
  await page.getByLabel("Name").fill("Attic TV");
  await page.keyboard.press("Enter");
  await page.waitForURL(server + "/account/devices*");
  await page.getByRole("heading", { name: "Attic TV" }).waitFor();
}

// more opens what else can be done with a TV, by keyboard.
export async function more(page, name) {
  await tabTo(page, `More for ${name}`);
  await page.keyboard.press("Enter");
}

// live opens the board in another tab and marks it: a reload would lose the mark.
async function live(page, server) {
  const other = await page.context().newPage();
  await other.goto(server + "/account/devices");
  await other.evaluate(() => { window.notReloaded = true; });
  await other.getByText("Live", { exact: true }).waitFor();
  return {
    async shows(text, what = text) {
      await other.locator("#board").getByText(text).first().waitFor();
      if (!(await other.evaluate(() => window.notReloaded))) throw new Error(`the board was reloaded to show ${what}`);
    },
    focus: (name) => other.getByRole("button", { name }).focus(),
    // focused waits until the focus is somewhere on a TV's card.
    focused: (name) => until(`the focus on the card of ${name}`, async () => {
      const card = await other.evaluate(() => document.activeElement.closest(".device")?.querySelector("h3").textContent);
      return [card === name, card];
    }),
    close: () => other.close(),
  };
}

export async function signOutOne({ page, server, tvs: [, tv], ask, temp }) {
  const board = await live(page, server);
  await board.focus("Sign out Attic TV"); // it goes, and the focus stays where it was
  await page.goto(server + "/account/devices");
  await page.getByRole("button", { name: "Sign out Attic TV" }).click();
  await board.shows(/Signed out: confirmed at/);
  await board.focused("Attic TV");
  await board.close();
  await tv.screen("signedOut");
  await tv.look("signed-out");
  await page.goto(server + "/account/devices");
  await page.look("devices-confirmed");
  await page.getByRole("link", { name: "Signed receipt of Attic TV" }).click();
  await page.getByText("The signature matches").waitFor();
  await page.look("receipt");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download the receipt" }).click(),
  ]);
  await download.saveAs(`${temp}/receipt.json`);
  JSON.parse(readFileSync(`${temp}/receipt.json`, "utf8"));
  await ask("verify-receipt", `${temp}/receipt.json`);
}

// everywhere signs out with a TV unplugged, and plugs it in again.
export async function everywhere({ browser, page, server, tvs: [tv], ask }) {
  const other = await browser.person("another browser", { viewport: { width: 1280, height: 800 } });
  await signIn(other, server);
  await other.goto(server + "/account/devices");

  const board = await live(page, server);
  tv.page.refusals.push(/WebSocket connection to/, /ERR_CONNECTION_REFUSED/);
  await ask("unplug", 1);
  await board.shows(/^Offline/);
  await page.goto(server + "/account/devices");
  await page.getByRole("link", { name: /Sign out everywhere/ }).click();
  await page.getByText("1 device offline").first().waitFor();
  await page.look("everywhere");
  await page.getByRole("button", { name: "Sign out everywhere" }).click();
  await page.waitForURL(server + "/account/devices*");
  await board.shows(/locks itself by .* if it stays on; switched off, after at most .* of further use/);
  await page.look("devices-bound", { dark: true });
  await tv.says(/software is not running/);
  await tv.look("gone");
  await other.waitForURL(server + "/signin*"); // it was watching the board, and is told
  await other.close();

  await ask("plug", 1);
  await tv.screen("signedOut");
  await board.shows(/confirmed/);
  await board.shows(/Signed out: confirmed at/);
  tv.page.refusals.length = 0;
  await page.goto(server + "/account/devices");
  await page.look("devices-all-confirmed");
  await board.close();
}

// signIn also enters the access code where this browser is asked for one.
export async function signIn(page, server) {
  const before = Date.now();
  await page.goto(server + "/signin");
  await page.getByLabel("Email").fill(EMAIL);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.waitForURL(/\/(profiles|signin\/code)/);
  if (page.url().includes("/signin/code")) {
    await page.locator("input[name=code]").fill(await mailedCode(page, server, before));
    await page.keyboard.press("Enter");
    await page.waitForURL(server + "/profiles*");
  }
  await page.locator("main").getByRole("button", { name: /^Robin/ }).click();
  await page.waitForURL(server + "/");
}

// mailedCode returns the access code of a mail that is not older than since.
export function mailedCode(page, server, since) {
  return until("a mail with a code", async () => {
    const { messages } = await (await page.request.get(server + "/dev/outbox.json")).json();
    const mail = messages.find((m) => m.to === EMAIL && m.kind === "access-code" && Date.parse(m.created) >= since - 1000);
    const found = mail && /\b\d{6}\b/.exec(mail.text);
    return [found, found ? found[0] : messages.map((m) => m.kind)];
  });
}

export async function deactivate({ page, server, tvs: [tv] }) {
  await tv.press("Enter");
  await tv.screen("welcome");
  await tv.press("Enter");
  await page.goto(`${server}/tv?code=${await tv.userCode()}`);
  await approve(page);
  await tv.screen("gate");
  await page.goto(server + "/account/devices");
  await page.getByText("More for Living room TV").click();
  await page.getByRole("link", { name: "Deactivate… Living room TV" }).click();
  await page.look("deactivate");
  await page.getByRole("button", { name: "Deactivate" }).click();
  await page.waitForURL(server + "/account/devices*");
  await page.locator("#board").getByText(/Deactivated: confirmed at|Removed: confirmed at/).first().waitFor();
  await tv.screen("deactivated");
  await tv.look("deactivated");
}

// others looks at the pages that nothing led to.
export async function others({ browser, page, server }) {
  for (const [path, name] of [["/account", "overview"], ["/account/membership", "membership"], ["/account/timeline", "timeline"],
    ["/nowhere", "not-found"], ["/dev/outbox", "outbox"]]) {
    await page.goto(server + path);
    await page.look(name);
  }
  await page.goto(server + "/account");
  await tabTo(page, /menu$/); // the avatar's menu
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "Switch profile" }).waitFor();
  await page.look("menu");
  await page.keyboard.press("Escape");
  const closed = () => until("the menu to close", async () => [(await page.locator("details.menu").getAttribute("open")) === null, "open"]);
  await closed();
  await page.keyboard.press("Enter"); // the focus came back to it
  await page.getByRole("link", { name: "Switch profile" }).waitFor();
  await tabTo(page, "Overview"); // past its end
  await closed();

  const stranger = await browser.person("stranger", { viewport: { width: 1280, height: 800 } });
  await stranger.goto(server + "/account/devices");
  await stranger.waitForURL(server + "/signin*");
  await stranger.look("signin");
  await stranger.getByLabel("Email").fill("nobody@example.com");
  await stranger.getByLabel("Password").fill("five copper kettles sing");
  await stranger.keyboard.press("Enter");
  await refused(stranger);
  await stranger.look("signin-refused");
  await stranger.context().close();
}

// withoutScript does the main things on pages that run no script at all.
export async function withoutScript({ browser, server, tvs: [, tv] }) {
  const page = await browser.person("no JavaScript", { javaScriptEnabled: false, viewport: { width: 1280, height: 800 } });
  await signIn(page, server);
  await tv.press("Enter");
  const code = await tv.userCode();
  await page.goto(server + "/tv");
  await page.getByLabel("Code on the TV").fill(code);
  await page.getByRole("button", { name: "Continue" }).click();
  await approve(page);
  await tv.screen("gate");
  await page.goto(server + "/account/devices");
  await page.getByText("Online now").waitFor();
  await page.getByText("More for").first().click();
  await page.getByRole("link", { name: /^Rename/ }).first().click();
  await page.getByLabel("Name").fill("Loft TV");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "Sign out Loft TV" }).click();
  await until("the confirmation, by reloading", async () => {
    await page.goto(server + "/account/devices");
    const text = await page.content();
    return [/confirmed at/.test(text), ""];
  });
  await page.goto(server + "/account/devices/everywhere");
  await page.getByRole("button", { name: "Sign out everywhere" }).click();
  await page.getByText("You signed out everywhere").waitFor();
  await page.context().close();
}
