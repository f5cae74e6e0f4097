// What an owner does about TVs and browsers on the account page: by keyboard alone,
// from another network, and without scripts.

import { readFileSync } from "node:fs";
import { EMAIL, PASSWORD, approve, more, refused } from "./account.mjs";
import { tabTo, until } from "./browser.mjs";

const SIZE = { viewport: { width: 1280, height: 800 } };
const ELSEWHERE = { "X-Forwarded-For": "203.0.113.77" }; // the server believes what is on this machine

// as opens another browser with the owner's cookies.
async function as(browser, page, name, more) {
  return browser.person(name, { ...SIZE, storageState: await page.context().storageState(), acceptDownloads: true, ...more });
}

// codeOf brings a TV that was signed out, deactivated or refused to its code.
async function codeOf(tv) {
  for (const screen of ["signedOut", "deactivated"]) {
    if (await tv.page.isVisible(`section.screen.${screen}`)) await tv.press("Enter");
  }
  if (!(await tv.page.isVisible("section.screen.code"))) {
    await tv.screen("welcome");
    await tv.press("Enter");
    await tv.screen("code");
  }
  return tv.userCode();
}

// signedIn approves a TV without looking at anything.
async function signedIn(page, server, tv) {
  await page.goto(`${server}/tv?code=${await codeOf(tv)}`);
  await approve(page);
  await tv.screen("gate");
}

// press moves the focus to something with Tab, and presses Enter there.
async function press(page, name) {
  await tabTo(page, name);
  await page.keyboard.press("Enter");
}

// stranger: the link of a TV is opened in another network, as somebody does who was
// sent it. The page warns, nothing happens in haste, and the TV hears the refusal.
export async function stranger({ browser, page, server, tvs: [tv] }) {
  const code = await codeOf(tv);
  const phone = await as(browser, page, "a phone elsewhere", { extraHTTPHeaders: ELSEWHERE });
  await phone.goto(`${server}/tv?code=${code}`);
  await phone.getByText("The TV is on another network than this browser.").waitFor();
  await phone.getByText(/\(1[0-5]:\d\d left\)/).waitFor();
  await phone.look("tv-approve-elsewhere", { dark: true });
  await phone.getByRole("button", { name: "Approve" }).click();
  await refused(phone);
  await phone.look("tv-approve-unseen");
  await press(phone, "It’s not mine");
  await phone.waitForURL(server + "/account/devices");
  await phone.getByText("The TV was refused").waitFor();
  await tv.says(/not let in/);
  await tv.look("refused");
  await phone.context().close();
}

// guest signs a TV in until a date, by keyboard alone, and takes the date off.
export async function guest({ page, server, tvs: [tv] }) {
  await tv.press("Backspace"); // "Try again" has the focus
  await tv.screen("welcome");
  const code = await codeOf(tv);
  await page.goto(server + "/tv");
  await page.locator("#code:focus").waitFor();
  await page.keyboard.type(code.toLowerCase());
  await page.keyboard.press("Enter");
  await page.getByText("The TV is on the same network as this browser.").waitFor();
  await press(page, /^Only for some time/);
  await tabTo(page, /^Signed out by itself at/);
  const ends = page.getByLabel("Signed out by itself at");
  await page.keyboard.type("1212");
  await press(page, "Approve"); // half a date is not taken for none
  const half = await ends.evaluate((input) => input === document.activeElement && input.validity.badInput);
  if (!half || !page.url().includes("/tv?code=")) throw new Error(`half a date went to ${page.url()}`);
  await ends.fill(`${new Date(Date.now() + 5 * 864e5).toISOString().slice(0, 10)}T11:30`);
  await page.look("tv-approve-until");
  await press(page, "Approve");
  await page.waitForURL("**/tv/done*");
  await page.getByText("It is signed out by itself at").waitFor();
  await page.look("tv-done-until");
  await tv.screen("gate");
  await press(page, "See all devices");
  await page.getByText(/until \w+, 11:30/).waitFor();
  await more(page, "Living room TV");
  await press(page, "End date of Living room TV");
  await page.getByRole("button", { name: "No end date" }).waitFor();
  await page.look("end-date");
  await page.getByLabel("Signed out by itself at").fill("2020-01-01T10:00");
  await press(page, "Save");
  await refused(page);
  await page.look("end-date-refused");
  await press(page, "No end date");
  await page.waitForURL(server + "/account/devices");
  await page.getByText("The TV has no end date").waitFor();
}

// theft: reported, locked with a receipt, seen where it reports from, finished.
export async function theft({ page, server, tvs: [tv], ask, temp }) {
  await page.goto(server + "/account/devices");
  await more(page, "Living room TV");
  await press(page, "Stolen… Report Living room TV stolen");
  await page.waitForURL("**/stolen");
  await page.look("stolen");
  await press(page, "Report stolen");
  await page.waitForURL(server + "/account/devices");
  const board = page.locator("#board");
  await board.getByText(/Locked as stolen: confirmed at/).waitFor(); // live
  await tv.screen("stolen");
  await tv.look("stolen");
  await page.look("devices-stolen", { dark: true });
  await press(page, "Where it reports from: Living room TV");
  await page.getByRole("heading", { name: "Reports of Living room TV" }).waitFor();
  await page.look("reports", { dark: true });
  await tabTo(page, "Download, signed");
  const [download] = await Promise.all([page.waitForEvent("download"), page.keyboard.press("Enter")]);
  await download.saveAs(`${temp}/reports.json`);
  JSON.parse(readFileSync(`${temp}/reports.json`, "utf8"));
  await ask("verify-reports", `${temp}/reports.json`);
  await press(page, "Finish…");
  await page.waitForURL("**/finish");
  await page.look("finish");
  await press(page, "Finish and delete the reports");
  await page.waitForURL(server + "/account/devices");
  await board.getByText(/Deactivated: confirmed at/).first().waitFor();
  await tv.screen("deactivated");
}

// otherBrowser: a browser is signed out from another's board, and is told at once.
export async function otherBrowser({ browser, page, server }) {
  const other = await as(browser, page, "another browser");
  await other.goto(server + "/signin");
  await other.context().clearCookies({ name: "hearthkey" });
  await other.goto(server + "/signin");
  await other.getByLabel("Email").fill(EMAIL);
  await other.getByLabel("Password").fill(PASSWORD);
  await other.keyboard.press("Enter");
  await other.waitForURL(server + "/profiles*");
  await other.locator("main").getByRole("button", { name: /^Robin/ }).click();
  await other.goto(server + "/account/devices");
  await other.getByText("Live", { exact: true }).waitFor();
  await page.goto(server + "/account/devices");
  await page.getByText("This device").waitFor();
  await page.look("devices-browsers");
  await press(page, /^Sign out .*Chrome on/);
  await page.getByText("That browser is signed out.").waitFor();
  await other.waitForURL(server + "/signin*"); // live
  await other.getByText("This browser was signed out.").waitFor();
  await other.context().close();
}

// reloaded loads the board until it says something: there is no script to do it.
const reloaded = (page, server, text) => until(`the board to say ${text}`, async () => {
  await page.goto(server + "/account/devices");
  const now = await page.locator("main").innerText();
  return [text.test(now), now];
});

// scriptless does every action of these pages without scripts.
export async function scriptless({ browser, page: owner, server, tvs: [, tv], temp }) {
  const page = await as(browser, owner, "no script", { javaScriptEnabled: false });
  const button = (name) => page.getByRole("button", { name, exact: true }).click();
  const link = (name) => page.getByRole("link", { name, exact: true }).click();
  const unfold = (name) => page.getByText(`More for ${name}`, { exact: true }).click();
  const called = () => page.locator("#board .device h3").first().innerText();
  const said = (text) => page.getByRole("status").getByText(text).waitFor();
  const saved = async (name, to) => {
    const [download] = await Promise.all([page.waitForEvent("download"), link(name)]);
    await download.saveAs(`${temp}/${to}`);
    return JSON.parse(readFileSync(`${temp}/${to}`, "utf8"));
  };

  await page.goto(`${server}/tv?code=${await codeOf(tv)}`);
  await button("It’s not mine");
  await said("The TV was refused");
  await tv.says(/not let in/);
  await tv.press("Backspace"); // "Try again" has the focus
  await tv.screen("welcome");

  await page.goto(`${server}/tv?code=${await codeOf(tv)}`);
  await page.getByText("Only for some time").click();
  await page.getByLabel("Signed out by itself at").fill(`${new Date().getFullYear() + 1}-01-02T03:04`);
  await button("Approve");
  await tv.screen("gate");
  await link("See all devices");
  await page.getByText(/until 2 Jan \d+, 03:04 UTC/).waitFor();
  const before = await called();
  await unfold(before);
  await link(`End date of ${before}`);
  await button("No end date");
  await said("The TV has no end date");
  await unfold(before);
  await link(`Rename ${before}`);
  await page.getByLabel("Name").fill("غرفة النوم");
  await button("Save");
  await said("The new name is saved.");
  await button("Sign out غرفة النوم");
  await said("The TV is signed out.");
  await reloaded(page, server, /Signed out: confirmed at/);
  await link("Signed receipt of غرفة النوم");
  await page.getByText("The signature matches").waitFor();
  await saved("Download the receipt", "receipt-scriptless.json");

  await signedIn(page, server, tv);
  await page.goto(server + "/account/devices");
  const stolen = await called();
  await unfold(stolen);
  await link(`Stolen… Report ${stolen} stolen`);
  await button("Report stolen");
  await said("The TV is reported stolen.");
  await reloaded(page, server, /Locked as stolen: confirmed at/);
  await page.getByRole("link", { name: /^Where it reports from/ }).click();
  await saved("Download, signed", "reports-scriptless.json");
  await link("Finish…");
  await button("Finish and delete the reports");
  await said("The stolen TV is finished");
  await tv.screen("deactivated");

  await signedIn(page, server, tv);
  await page.goto(server + "/account/devices");
  const last = await called();
  await unfold(last);
  await link(`Deactivate… ${last}`);
  await button("Deactivate");
  await said("The TV is deactivated.");
  await tv.screen("deactivated");
  await tv.press("Enter");
  await tv.screen("welcome");
  await page.context().close();
}
