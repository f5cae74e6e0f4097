// What a person does in front of a TV.

import { until } from "./browser.mjs";
import { EMAIL, PASSWORD, PIN, approve, mailedCode, refused } from "./account.mjs";

// signInByCode: the code goes from the screen by hand to the account page.
// Looking at what a code would approve approves nothing.
export async function signInByCode({ page, server, tvs: [tv] }) {
  await tv.open();
  await tv.screen("welcome");
  await tv.look("welcome");
  await tv.choose("Down", "Settings"); // before anybody has signed in
  await tv.screen("settings");
  await tv.look("settings-before");
  await tv.press("Backspace");
  await tv.screen("welcome");
  await tv.choose("Up", "Sign in with a code");
  await tv.screen("code");
  const code = await tv.userCode();
  await tv.look("code");

  await page.goto(server + "/tv");
  await page.look("tv");
  await page.keyboard.type("BCDF-GHJK");
  await page.keyboard.press("Enter");
  await refused(page);
  await page.look("tv-wrong-code");

  await page.getByLabel("Code on the TV").fill(code.toLowerCase());
  await page.keyboard.press("Enter");
  await page.getByText("Is this the code on the screen").waitFor();
  await page.look("tv-approve", { dark: true });
  await page.goto(`${server}/tv?code=${code}`); // a second GET
  if (!(await tv.page.isVisible("section.screen.code"))) throw new Error("a GET approved the code");
  await approve(page);
  await page.look("tv-done");
  await tv.screen("gate");
}

// signInByLink: a phone opens the link in the picture.
export async function signInByLink({ page, server, tvs: [, tv], ask }) {
  await tv.open();
  await tv.screen("welcome");
  await tv.press("Enter");
  await tv.screen("code");
  const link = `${server}/tv?code=${(await tv.userCode()).replace("-", "")}`;
  await ask("qr", 2, link);
  await page.goto(link);
  await approve(page);
  await tv.screen("gate");
}

export async function gate({ tvs: [tv] }) {
  await tv.focusOn("Left", /^Robin/);
  await tv.look("gate");
  await tv.press("Enter");
  await tv.screen("pin");
  await tv.look("pin");
  await tv.press("Up");
  await tv.page.waitForSelector(".cross.second");
  await tv.look("pin-arrows");
  await tv.press("Left"); // 1
  await tv.press("9", "9", "9");
  await tv.says(/That's not the PIN/);
  await tv.look("pin-wrong");
  await tv.press(...PIN);
  await tv.screen("home");
  await until("the first title to have the focus", async () => { const f = await tv.focus(); return [f !== "", f]; });
  await tv.says(/wrong PIN for Robin once|wrong try/);
  await tv.look("home-wrong-try");
}

export async function titles({ tvs: [tv] }) {
  const first = await tv.focus();
  await tv.press("Right");
  await until("the next title", async () => { const f = await tv.focus(); return [f !== first && f !== "", f]; });
  await tv.press("Down");
  await until("no toast", async () => [!(await tv.page.isVisible(".toast")), "a toast"]);
  await tv.look("home");
  await tv.press("Enter");
  await tv.screen("title");
  await tv.look("title");
  await tv.choose("Up", /^Play/);
  await tv.screen("player");
  await tv.look("player");
  await tv.press("Escape");
  await tv.screen("title");
  await tv.press("Backspace");
  await tv.screen("home");
}

// openSettings goes from home by the left menu.
const openSettings = (tv) => openMenu(tv, "Down", "Settings");

// openMenu opens the left menu and goes to one of its choices.
export async function openMenu(tv, step, choice) {
  for (let i = 0; i < 10 && !(await tv.page.isVisible("[role=dialog] [aria-label=Settings], .menu")); i++) {
    await tv.press("Left");
    await tv.page.waitForTimeout(0);
    await until("the key to be handled", async () => [true, ""]);
    if (await tv.page.waitForSelector(".menu", { timeout: 500 }).catch(() => null)) break;
  }
  await tv.focusOn(step, choice);
}

export async function settings({ tvs: [tv] }) {
  await openSettings(tv);
  await tv.look("menu");
  await tv.press("Enter");
  await tv.screen("settings");
  await tv.look("settings");
  await sections(tv);
  await tv.choose("Down", "Sign out");
  await until("No to have the focus", async () => { const f = await tv.focus(); return [f === "No", f]; });
  await tv.look("sign-out");
  await tv.press("Enter");
  await until("Sign out to have the focus", async () => { const f = await tv.focus(); return [f === "Sign out", f]; });
  await tv.press("Backspace");
  await tv.screen("home");
}

// sections goes through every screen of the settings, and back.
async function sections(tv) {
  for (const [name, screen] of [["Account", "account"], ["This TV", "thisTV"], ["Language", "language"]]) {
    await tv.choose("Down", name);
    await tv.screen(screen);
    await tv.look(screen);
    await tv.press("Backspace");
    await tv.screen("settings");
  }
  await remotes(tv);
  await tv.choose("Down", "Accessibility");
  await tv.screen("look");
  await tv.look("accessibility");
  await tv.choose("Up", "High contrast");
  await tv.page.waitForSelector("html.contrast section.screen.look");
  await tv.look("accessibility-contrast");
  await tv.press("Backspace");
  await tv.screen("settings");
  await tv.look("settings-contrast");
  await tv.choose("Up", "Accessibility");
  await tv.screen("look");
  await tv.choose("Up", "High contrast");
  await tv.page.waitForSelector("html:not(.contrast) section.screen.look");
  await tv.press("Backspace");
  await tv.screen("settings");
  await tv.choose("Down", "About");
  await tv.screen("about");
  await tv.look("about");
  await tv.choose("Down", "Licences");
  await tv.screen("licences");
  await tv.focusOn("Up", /^The Go standard library/);
  await tv.look("licences");
  await tv.press("Enter");
  await tv.screen("licence");
  await tv.press("ArrowRight");
  await tv.says(/Page 2 of/);
  await tv.look("licence");
  await tv.press("Backspace");
  await tv.screen("licences");
  await tv.press("Backspace");
  await tv.screen("about");
  await tv.press("Backspace");
  await tv.screen("settings");
}

// remotes forbids the account page to control the TV, and allows it again.
async function remotes(tv) {
  const toggled = async (on) => {
    await tv.press("Enter");
    await tv.page.waitForSelector(`[role=switch][aria-label="Control from the account page"][aria-checked=${on}]`);
  };
  await tv.choose("Up", /^Remotes/);
  await tv.screen("remotes");
  await tv.focusOn("Down", "Control from the account page");
  await toggled(false);
  await tv.look("remotes-forbidden");
  await toggled(true);
  await tv.press("Backspace");
  await tv.screen("settings");
}

// sequence also goes back by every remote's own key.
export async function sequence({ tvs: [tv] }) {
  await tv.sequence();
  await until("the four choices", async () => { const f = await tv.focus(); return [f === "Sign out", f]; });
  await tv.look("sequence");
  await tv.choose("Down", "Check network");
  await tv.screen("network");
  await tv.says(/Your network is fine/);
  await tv.look("network");
  await tv.press("Enter");
  await tv.screen("home");
  for (const [code, key] of [[0, "XF86Back"], [10009, ""], [461, ""], [166, "GoBack"]]) { // X11, Tizen, webOS, Android
    await openSettings(tv);
    await tv.code(13); // a nameless OK
    await tv.screen("settings");
    await tv.code(code, key);
    await tv.screen("home");
  }
}

export async function signOutHere({ page, server, tvs: [, tv] }) {
  await page.goto(server + "/account/devices");
  const board = page.locator("#board");
  if (await tv.page.isVisible("section.screen.signedOut")) await tv.press("Enter");
  await tv.screen("welcome");
  await tv.press("Enter");
  const code = await tv.userCode();
  await page.goto(`${server}/tv?code=${code}`);
  await approve(page);
  await tv.screen("gate");
  await page.goto(server + "/account/devices");
  await tv.choose("Right", "Sasha");
  await tv.screen("home");
  await openSettings(tv);
  await tv.press("Enter");
  await tv.screen("settings");
  await tv.choose("Down", "Sign out");
  await tv.choose("Left", "Yes");
  await tv.screen("welcome");
  await board.getByText("at the TV").first().waitFor();
  await page.look("devices-signed-out-here");
}

// signInByPassword types address, password and code on the TV: with a keyboard,
// and the first letters with the arrows on the keys of the screen.
export async function signInByPassword({ page, server, tvs: [, tv] }) {
  if (await tv.page.isVisible("section.screen.signedOut")) await tv.press("Enter");
  await tv.screen("welcome");
  await tv.choose("Down", "Sign in with email and password");
  await tv.screen("email");
  await tv.look("email");
  await tv.press("Enter"); // the key that has the focus
  await tv.field(/, characters: 1$/);
  await tv.press("Backspace");
  await tv.field(/, characters: 0$/);
  await tv.page.keyboard.type(EMAIL);
  await tv.field(`, characters: ${EMAIL.length}`);
  await tv.press("Enter");
  await tv.screen("password");
  await tv.page.keyboard.type("not this one at all");
  await tv.press("Enter");
  await tv.says(/That didn't work/);
  await tv.look("password-wrong");
  await tv.field(/, characters: 0$/); // it begins anew
  await tv.page.keyboard.type(PASSWORD);
  await tv.field(`, characters: ${PASSWORD.length}`);
  await tv.look("password");
  const before = Date.now();
  await tv.press("Enter");
  await tv.screen("accessCode");
  await tv.look("access-code");
  await tv.page.keyboard.type(await mailedCode(page, server, before));
  await tv.screen("gate");
}
