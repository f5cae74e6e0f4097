// What a household does at its TV: profiles, PINs, series and a search.

import { until } from "./browser.mjs";
import { PASSWORD, PIN } from "./account.mjs";
import { openMenu } from "./screens.mjs";

const NEWPIN = "8264";
const PARENTAL = "5937";

// quiet waits for a sentence to go that would be on the next pictures too.
const quiet = ({ shots, tvs: [tv] }) => shots && until("no toast", async () => [!(await tv.page.isVisible(".toast")), "a toast"]);

const focused = (tv, name) => until(`${name} to have the focus`, async () => {
  const f = await tv.focus();
  return [name.test(f), f];
});

// addProfile adds one where the owner wants that to need a PIN.
export async function addProfile(world) {
  const { page, server, tvs: [tv] } = world;
  await page.goto(server + "/account/parental");
  await page.getByRole("checkbox", { name: /^PIN needed to add a profile/ }).check({ force: true });
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("status").first().waitFor();
  await tv.focusOn("Right", "Add profile");
  await tv.look("gate-add");
  await tv.press("Enter");
  await tv.screen("profileAvatar");
  await tv.focusOn("Right", "Whale");
  await tv.look("profile-avatar");
  await tv.press("Enter");
  await tv.screen("profileName");
  await tv.page.keyboard.type("Nora");
  await tv.field(/, characters: 4$/);
  await tv.look("profile-name");
  await tv.press("Enter");
  await tv.screen("profileLevel");
  await tv.focusOn("Up", /^Little kids/);
  await tv.focusOn("Down", /^All.*locked$/);
  await tv.look("profile-level");
  await tv.press("Enter", "Enter");
  await tv.screen("profilePIN");
  await tv.press("0", "0", "0", "0");
  await tv.says(/That's not the PIN/);
  await tv.look("profile-pin");
  await tv.press(...PIN);
  await tv.screen("gate");
  await focused(tv, /^Nora/);
  await tv.says(/Nora is on this account now/);
  await quiet(world);
}

// series finds one by its name, and watches an episode to its end.
export async function series({ tvs: [tv] }) {
  await openMenu(tv, "Up", "Search");
  await tv.press("Enter");
  await tv.screen("search");
  await tv.page.keyboard.type("otter");
  await focused(tv, /^Results/);
  await tv.look("search");
  await tv.press("ArrowDown");
  await focused(tv, /^The Otter Post/);
  await tv.press("Enter");
  await tv.screen("title");
  await tv.choose("Down", "Add to my list");
  await tv.says(/Take off my list|Remove/);
  await tv.look("series");
  await tv.focusOn("Down", /^1\. /);
  await tv.press("Enter");
  await focused(tv, /^Play/);
  await tv.look("episode");
  await tv.press("Enter");
  await tv.screen("player");
  await tv.look("player-episode");
  for (let i = 0; i < 400 && !(await tv.page.isVisible("section.screen.next")); i += 10) {
    await tv.press(...Array(10).fill("ArrowRight"));
  }
  await tv.screen("next");
  await tv.look("next");
  await tv.press("Escape");
  await tv.screen("title");
  await tv.press("Home");
  await tv.screen("home");
}

export async function editProfile(world) {
  const { tvs: [tv] } = world;
  await openMenu(tv, "Down", "Edit profile");
  await tv.press("Enter");
  await tv.screen("profileEdit");
  await tv.look("profile-edit");
  await tv.focusOn("Down", /^Picture/);
  await tv.press("Enter");
  await tv.screen("profileAvatar");
  await tv.focusOn("Right", "Robot");
  await tv.press("Enter");
  await tv.says(/Saved/);
  await quiet(world);
  await tv.choose("Down", /^Level and locks/);
  await tv.screen("profileLocks");
  await tv.look("profile-locks");
  await tv.press("Enter");
  await tv.screen("profileEdit");
  await tv.press("Escape");
  await tv.screen("home");
}

// parental sets the PIN of the household on the account page; the TV asks for it.
export async function parental({ page, server, tvs: [tv] }) {
  await page.goto(server + "/account/parental/lock");
  await page.getByLabel(/password/i).fill(PASSWORD);
  await page.getByLabel(/PIN/).first().fill(PARENTAL);
  await page.getByRole("button", { name: "Save" }).click();
  await page.waitForURL(server + "/account/parental*");
  await page.getByRole("radio", { name: /^Above Teens/ }).check({ force: true });
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("status").first().waitFor();
  await openMenu(tv, "Up", "Search");
  await tv.press("Enter");
  await tv.screen("search");
  await tv.page.keyboard.type("ferryman");
  await focused(tv, /^Results/);
  await tv.press("ArrowDown");
  await focused(tv, /locked$/);
  await tv.press("Enter");
  await tv.screen("title");
  await tv.look("title-locked");
  await tv.press("Enter");
  await tv.screen("pin");
  await tv.look("pin-parental");
  await tv.press(...PARENTAL);
  await tv.screen("player");
  await tv.press("Home");
  await tv.screen("home");
}

async function switchTo(tv, name) {
  await openMenu(tv, "Down", "Switch profile");
  await tv.press("Enter");
  await tv.screen("gate");
  const people = await tv.page.evaluate(() => Array.from(document.querySelectorAll(".person"), (e) => e.getAttribute("aria-label")));
  const focus = await tv.focus();
  await tv.choose(people.findIndex((p) => name.test(p)) < people.indexOf(focus) ? "Left" : "Right", name);
}

export async function kids({ tvs: [tv] }) {
  await switchTo(tv, /^Kids/);
  await tv.screen("home");
  await tv.page.waitForSelector("section.screen.kids");
  await tv.look("kids-home");
}

// forgotPIN sets a new one on the page that the TV names; the TV goes on with it.
export async function forgotPIN({ page, server, tvs: [tv] }) {
  await switchTo(tv, /^Robin/);
  await tv.screen("pin");
  await tv.press("ArrowDown");
  await tv.page.waitForSelector(".cross.second");
  await tv.press("ArrowRight");
  await tv.screen("forgotPIN");
  await tv.look("forgot-pin");
  await page.goto(await tv.page.locator(".uri").innerText());
  await page.getByRole("link", { name: /for Robin$/ }).click();
  await page.getByLabel(/password/i).fill(PASSWORD);
  await page.getByLabel(/PIN/).first().fill(NEWPIN);
  await page.getByRole("button", { name: "Save new PIN" }).click();
  await tv.screen("pin");
  await tv.says(/This PIN has changed/);
  await tv.look("pin-changed");
  await tv.press(...NEWPIN);
  await tv.screen("home");
}
