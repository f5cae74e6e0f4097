// Parental control on the account pages: titles that are blocked by typing their
// names, the parental PIN and what asks for it, a forgotten PIN, and all of it
// without scripts. It leaves the household as it was.

import { PASSWORD, refused } from "./account.mjs";

const saved = (page) => page.getByRole("status").first().waitFor();

export async function parental({ browser, page, server }) {
  await blocked(page, server);
  await control(page, server);
  await forgotten(page, server);
  await plain(browser, page, server);
}

async function blocked(page, server) {
  await page.goto(server + "/account/profiles");
  await page.getByRole("link", { name: "Edit Kids" }).click();
  await page.getByRole("link", { name: /^Choose/ }).click();
  await page.look("blocked-none");
  const title = page.getByLabel("Title to block");
  await title.fill("nothing of the kind");
  await page.keyboard.press("Enter");
  await refused(page);
  await page.look("blocked-refused");
  await title.fill("salt");
  await page.waitForFunction(() => document.querySelector("datalist option")?.value === "Salt and Iron");
  await title.fill("Salt and Iron");
  await page.keyboard.press("Enter");
  await saved(page);
  await title.fill("the");
  await page.keyboard.press("Enter");
  await page.getByText("Which one do you mean?").waitFor();
  await page.look("blocked-which");
  await page.getByRole("button", { name: /^Choose/ }).first().click();
  await saved(page);
  await page.look("blocked", { dark: true });
  for (let left = 2; left > 0; left--) {
    await page.getByRole("button", { name: /^Remove/ }).first().click();
    await saved(page);
  }
  await page.getByText("None yet").waitFor();
}

async function control(page, server) {
  await page.goto(server + "/account/profiles");
  await page.getByRole("link", { name: "Change parental control" }).click();
  await page.look("parental-none");
  await page.locator("input[name=above][value='3']").check({ force: true });
  await page.getByLabel("PIN needed to add a profile").check();
  await page.getByRole("button", { name: "Save" }).click();
  await saved(page);
  await page.getByRole("link", { name: "Set a PIN" }).click();
  await page.getByLabel(/password/i).fill(PASSWORD);
  await page.getByLabel("PIN", { exact: true }).fill("2580");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("easily guessed").waitFor();
  await page.look("parental-pin-easy");
  await page.getByLabel(/password/i).fill(PASSWORD);
  await page.getByLabel("PIN", { exact: true }).fill("6194");
  await page.getByRole("button", { name: "Save" }).click();
  await saved(page);
  await page.getByLabel("Title that asks for the PIN").fill("salt and iron");
  await page.keyboard.press("Enter");
  await saved(page);
  await page.look("parental", { dark: true });
}

async function forgotten(page, server) {
  await page.goto(server + "/pin");
  await page.look("pin");
  await page.getByRole("link", { name: "Set a new PIN for parental control" }).click();
  await page.look("parental-pin");
  await page.getByLabel(/password/i).fill(PASSWORD);
  await page.getByRole("button", { name: "Remove the parental PIN" }).click();
  await saved(page);
  await page.getByRole("button", { name: /^Remove/ }).click();
  await saved(page);
  await page.locator("input[name=above][value='0']").check({ force: true });
  await page.getByLabel("PIN needed to add a profile").uncheck();
  await page.getByRole("button", { name: "Save" }).click();
  await saved(page);
}

// plain blocks a title in a browser without scripts.
async function plain(browser, page, server) {
  const bare = await browser.person("without scripts", { javaScriptEnabled: false });
  await bare.context().addCookies(await page.context().cookies());
  await bare.goto(server + "/account/profiles");
  await bare.getByRole("link", { name: "Edit Kids" }).click();
  await bare.getByRole("link", { name: /^Choose/ }).click();
  await bare.getByLabel("Title to block").fill("salt and");
  await bare.getByRole("button", { name: "Add" }).click();
  await saved(bare);
  await bare.getByRole("heading", { name: "Salt and Iron" }).waitFor();
  await bare.getByRole("button", { name: "Remove Salt and Iron" }).click();
  await bare.getByText("None yet").waitFor();
  await bare.context().close();
}
