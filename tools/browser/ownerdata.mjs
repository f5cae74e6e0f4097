// What is held about an account, and the way out of it.

import { readFileSync } from "node:fs";
import { refused } from "./account.mjs";
import { link } from "./mailbox.mjs";
import { signIn } from "./ownercontact.mjs";

export async function download(world) {
  const { page } = world;
  await world.go("/account/data");
  await page.look("data");
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download your data" }).click()]);
  await file.saveAs(`${world.temp}/export.json`);
  const text = readFileSync(`${world.temp}/export.json`, "utf8");
  const all = JSON.parse(text);
  for (const table of ["profiles", "timeline", "signIns", "recoveryCodes", "messages"]) {
    if (!Array.isArray(all[table]) || all[table].length === 0) throw new Error(`the export has no ${table}: ${Object.keys(all)}`);
  }
  for (const secret of [world.password, world.secret, world.codes[1], "$argon2id$"]) {
    if (text.includes(secret)) throw new Error("the export holds a secret");
  }
}

export async function keep(world) {
  const { page } = world;
  await world.go("/account/data/delete");
  await page.getByLabel("Current password").fill("not this one at all");
  await page.getByRole("button", { name: "Delete the account" }).click();
  await refused(page);
  await page.look("leave");
  const since = world.now() - 1000;
  await page.getByLabel("Current password").fill(world.password);
  await page.getByRole("button", { name: "Delete the account" }).click();
  await page.waitForURL(world.server + "/signin*");
  await page.look("left");
  await page.goto(await link(world, "erasure-asked", world.email, since, "/keep"));
  await page.look("keep");
  await page.getByRole("button", { name: "Keep the account" }).click();
  await page.waitForURL(world.server + "/signin*");
  await page.look("kept");
  await signIn(world, page);
  await world.go("/account/data");
  await page.getByRole("link", { name: /^Delete/ }).waitFor(); // it is offered again: nothing is under way
}
