// How an owner is reached and recognised: codes, phone, authenticator app,
// address.

import { execFileSync } from "node:child_process";
import { refused } from "./account.mjs";
import { tabTo } from "./browser.mjs";
import { code, message } from "./mailbox.mjs";

const PHONE = "+4915112345678";
export const NEW_EMAIL = "robin@elsewhere.example";

// totp is the code that an authenticator app shows now: made by a program that
// is not ours.
export function totp(world) {
  const now = new Date(world.now()).toISOString().slice(0, 19).replace("T", " ") + " UTC";
  return execFileSync("oathtool", ["--totp", "-b", "-N", now, world.secret]).toString().trim();
}

// credentials gives address and password on the page for signing in.
export async function credentials(world, page) {
  await page.goto(world.server + "/signin");
  await page.getByLabel("Email").fill(world.email);
  await page.getByLabel("Password").fill(world.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

// inside waits until a sign-in is through, and chooses the first profile.
export async function inside(world, page) {
  await page.waitForURL(world.server + "/profiles*");
  await page.locator("main").getByRole("button").first().click();
  await page.waitForURL(world.server + "/");
}

// signIn signs in with the second factor that the account has by then.
export async function signIn(world, page) {
  await world.later(30); // a code of the app works once
  await credentials(world, page);
  await page.waitForURL(world.server + "/signin/code*");
  await page.getByLabel(/Code in the app|Code/).first().fill(totp(world));
  await page.keyboard.press("Enter");
  await inside(world, page);
}

// check answers the page that asks for more than the password before the account
// is changed, where the browser is on it.
export async function check(world, page) {
  if (!page.url().includes("/proof/check")) return;
  await page.look(world.secret ? "check-factor" : "check");
  let answer;
  if (world.secret) {
    await world.later(30); // a code of the app works once
    answer = totp(world);
  } else {
    const since = world.now() - 1000;
    await page.getByRole("button", { name: /Send a code by email/ }).click();
    answer = await code(world, world.email, since);
    await page.look("check-code");
  }
  await page.locator("input[name=code]").fill(answer);
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.pathname !== "/proof/check");
}

export async function unknownBrowser(world) {
  const page = await world.another("an unknown browser");
  const since = world.now() - 1000;
  await credentials(world, page);
  await page.waitForURL(world.server + "/signin/code*");
  await page.look("signin-code", { dark: true });
  const sent = await code(world, world.email, since);
  await page.locator("input[name=code]").fill(sent === "000000" ? "000001" : "000000");
  await page.keyboard.press("Enter");
  await refused(page);
  await page.look("signin-code-wrong");
  await page.locator("input[name=code]").fill(sent);
  await page.keyboard.press("Enter");
  await inside(world, page);
  await page.context().close();
}

// phone comes long after the sign-in: the change asks for the password and a code.
export async function phone(world) {
  const { page } = world;
  await world.later(660);
  await world.go("/account/membership/phone");
  await page.getByLabel("Mobile number").fill("12");
  await page.getByLabel("Current password").fill(world.password);
  await page.getByRole("button", { name: "Send the code" }).click();
  await refused(page);
  await page.look("phone-refused");
  await page.getByLabel("Mobile number").fill(PHONE);
  await page.getByLabel("Current password").fill(world.password);
  await page.look("phone");
  const since = world.now() - 1000;
  await page.getByRole("button", { name: "Send the code" }).click();
  await page.waitForURL("**/account/membership/code*");
  await page.look("change-code");
  await page.getByLabel("Access code").fill(await code(world, PHONE, since));
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.pathname === "/account/membership");
  await page.getByText(/345678|78/).first().waitFor();
}

export async function app(world) {
  const { page } = world;
  await world.go("/account/security/app");
  await page.look("app-begin");
  await page.getByRole("button", { name: "Begin" }).click();
  await page.getByText("Scan this with the app").waitFor();
  await page.look("app", { dark: true });
  world.secret = (await page.locator(".secret").innerText()).replace(/\s/g, "");
  await page.getByLabel("Code in the app").fill("000000");
  await page.getByRole("button", { name: "Switch on" }).click();
  await refused(page);
  await page.getByLabel("Code in the app").fill(totp(world));
  await page.getByRole("button", { name: "Switch on" }).click();
  await page.getByRole("heading", { name: "Your recovery codes" }).waitFor();
  world.codes = await page.locator("#codes li").allTextContents();
  if (new Set(world.codes).size !== 10) throw new Error(`recovery codes: ${world.codes}`);
  await page.look("codes");
  await page.getByRole("link", { name: "I have kept them" }).click();
  await page.getByText("Your password needs a second factor").waitFor();
  await page.look("security", { dark: true });
}

export async function appSignIn(world) {
  const page = await world.another("a browser with the app");
  await credentials(world, page);
  await page.waitForURL(world.server + "/signin/code*");
  await page.look("signin-factor");
  await page.context().close();
  const next = await world.another("a browser with the app");
  await signIn(world, next);
  await next.context().close();
}

export async function recoveryCode(world) {
  const page = await world.another("a browser without the app");
  await credentials(world, page);
  await page.getByText("Use a recovery code").click();
  await page.getByLabel("Recovery code").fill("aaaa-aaaa-aaaa-aaaa");
  await page.getByRole("button", { name: "Sign in with this code" }).click();
  await refused(page);
  await page.look("signin-recovery-wrong");
  await page.getByLabel("Recovery code").fill(world.codes[0]);
  await page.getByRole("button", { name: "Sign in with this code" }).click();
  await inside(world, page);
  await page.context().close();
  await world.go("/account/security");
  await world.page.getByText("9 unused").waitFor();
}

// address comes more than a week after the app: to change it back needs the app.
export async function address(world) {
  const { page } = world;
  await world.later(8 * 86400);
  await world.go("/account/membership/email");
  await page.look("email");
  await page.getByLabel("New email address").fill(NEW_EMAIL);
  await page.getByLabel("Current password").fill(world.password);
  world.moved = world.now() - 1000;
  await page.getByRole("button", { name: "Send the code" }).click();
  await page.waitForURL("**/account/membership/code*");
  await page.getByLabel("Access code").fill(await code(world, NEW_EMAIL, world.moved));
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.pathname === "/account/membership");
  await page.getByText(NEW_EMAIL).first().waitFor();
  await page.look("membership-moved");
}

// language changes what the account speaks, by keyboard alone, and back. Each change
// is told in the language before.
export async function language(world) {
  const { page } = world;
  const speak = async (way, chosen, key, next, said) => {
    const since = world.now() - 1000;
    await tabTo(page, way);
    await page.keyboard.press("Enter");
    await page.waitForURL("**/account/membership/language");
    await tabTo(page, chosen); // of the languages Tab finds the one that is chosen
    await page.keyboard.press(key);
    await page.keyboard.press(key);
    if (next === "de") await page.look("language");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/account/membership");
    await page.locator(`html[lang=${next}]`).waitFor();
    await page.getByText(said).waitFor();
    return message(world, "language-changed", world.email, since);
  };
  await world.go("/account/membership");
  const english = await speak("Change language", "English", "ArrowDown", "de", "Die neue Sprache ist gespeichert.");
  await page.look("membership-german");
  const german = await speak("Sprache ändern", "Deutsch", "ArrowUp", "en", "The new language is saved.");
  if (!/This is the last mail in this language/.test(english) || !/Das ist die letzte Mail in dieser Sprache/.test(german)) {
    throw new Error(`told of in other languages than before:\n${english}\n${german}`);
  }
}
