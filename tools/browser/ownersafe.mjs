// How an owner gets an account back: by the link to the old address, by a code,
// by "It wasn't me", and by the steps after a hack.

import { refused } from "./account.mjs";
import { code, link } from "./mailbox.mjs";
import { check, inside, signIn, totp } from "./ownercontact.mjs";

// choose sets a new password on the page that asks for one.
async function choose(world, page, password) {
  await page.getByLabel("New password", { exact: true }).fill(password);
  await page.getByLabel("New password again").fill(password);
  await page.getByRole("button", { name: "Set the password" }).click();
  await page.waitForURL("**/recover/done");
  world.password = password;
}

// revert: the old mailbox alone takes no account over, and one link works once.
export async function revert(world) {
  const page = await world.another("the old mailbox");
  const where = await link(world, "email-changed", world.email, world.moved, "/not-me");
  for (let i = 0; i < 3; i++) await page.goto(where); // a mail scanner
  await page.look("not-me-address", { dark: true });
  await page.getByLabel(/authenticator app/).fill("000000");
  await page.getByRole("button", { name: /It wasn’t me/ }).click();
  await refused(page);
  await page.look("not-me-refused");
  await world.later(30);
  await page.getByLabel(/authenticator app/).fill(totp(world));
  await page.getByRole("button", { name: /It wasn’t me/ }).click();
  await page.waitForURL("**/recover/password");
  await page.getByText("Email address, phone number and second factor are what they were").waitFor();
  await page.look("not-me-done");
  await choose(world, page, "nine quiet lanterns float");
  await page.getByText("Your second factor is still on").waitFor();
  await page.look("recover-done-factor");
  await page.goto(where);
  await page.getByText("no longer works").first().waitFor();
  await page.look("link-over");
  await page.context().close();

  await world.page.goto(world.server + "/account/membership");
  await world.page.waitForURL(world.server + "/signin*"); // signed out with all others
  await signIn(world, world.page);
  await world.go("/account/membership");
  await world.page.getByText(world.email).first().waitFor();
}

export async function recover(world) {
  const page = await world.another("somebody who forgot the password");
  await page.goto(world.server + "/signin");
  await page.getByRole("link", { name: /Forgot/ }).click();
  await page.waitForURL("**/recover*");
  await page.look("recover", { dark: true });
  await page.getByLabel("Email").first().fill(world.email);
  const since = world.now() - 1000;
  await page.getByRole("button", { name: "Send the code" }).click();
  await page.waitForURL("**/recover/code");
  await page.look("recover-code");
  await page.locator("input[name=code]").fill(await code(world, world.email, since));
  await page.keyboard.press("Enter");
  await page.waitForURL("**/recover/password");
  await page.look("recover-password");
  await choose(world, page, "seven patient harbours wait");
  await signIn(world, page);
  await world.page.context().close();
  world.page = page;
}

// notMe: a profile is renamed, and its notice puts the name back.
export async function notMe(world) {
  await world.go("/account/profiles");
  await world.page.getByRole("link", { name: /^Edit/ }).first().click();
  const was = await world.page.getByLabel("Name").inputValue();
  const since = world.now() - 1000;
  await world.page.getByLabel("Name").fill("Stranger");
  await world.page.getByRole("button", { name: "Save" }).click();
  await world.page.getByRole("status").first().waitFor();

  const page = await world.another("the owner’s mailbox");
  await page.goto(await link(world, "profile-changed", world.email, since, "/not-me"));
  await page.look("not-me", { dark: true });
  await page.getByRole("button", { name: /It wasn’t me/ }).click();
  await page.waitForURL("**/recover/password");
  await page.getByText("Profiles, their locks and parental control are what they were").waitFor();
  await page.look("not-me-done-profiles");
  await choose(world, page, "eleven gentle rivers turn");
  await signIn(world, page);
  await world.page.goto(world.server + "/account");
  await world.page.waitForURL(world.server + "/signin*");
  await world.page.context().close();
  world.page = page;
  await world.go("/account/profiles");
  await page.getByRole("heading", { name: new RegExp("^" + was) }).waitFor();
  if (await page.getByText("Stranger").count()) throw new Error("the changed name is still there");
}

export async function hacked(world) {
  const { page } = world;
  const visitor = await world.another("somebody in trouble");
  await visitor.goto(world.server + "/hacked");
  await visitor.look("hacked");
  await visitor.context().close();

  await world.go("/account/hacked");
  await page.look("walk-begin");
  await page.getByRole("button", { name: "Begin" }).click();
  await page.look("walk", { dark: true });
  await page.locator(".walk .next a.button").click();
  await page.waitForURL((url) => url.pathname === "/account/membership/password" || url.pathname === "/proof/check");
  await check(world, page);
  const next = "twelve silver anchors hold";
  await page.getByLabel("Current password").first().fill(world.password);
  await page.getByLabel("New password", { exact: true }).fill(next);
  await page.getByLabel("New password again").fill(next);
  await page.getByRole("button", { name: "Save new password" }).click();
  await page.getByText("Your password is changed").waitFor()
  world.password = next;
  await page.getByRole("link", { name: "Back to the steps" }).click();
  await page.look("walk-contact"); // signing out everywhere came with the password
  const over = page.getByText("Your account is yours again");
  const right = page.getByRole("button", { name: "Everything is right" });
  for (await right.waitFor(); !(await over.isVisible()); await right.or(over).first().waitFor()) {
    const step = await page.locator(".walk .next h2").innerText();
    await right.click();
    await page.locator(".walk .done", { hasText: step }).waitFor();
  }
  await page.look("walk-done");
  await page.getByRole("button", { name: "Close" }).click();
}
