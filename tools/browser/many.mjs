// The devices page of a household of forty TVs. It is run by tools/e2e, which has
// started a server and TVs that are signed in and connected.

import { until, open } from "./browser.mjs";

const { server, shots, email, password } = JSON.parse(process.argv[2]);
const browser = await open({ hosts: [new URL(server).host], shots });
const page = await browser.person("the owner", { viewport: { width: 1280, height: 800 } });

async function signIn() {
  const since = Date.now();
  await page.goto(server + "/signin?next=/account/devices");
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/(profiles|signin\/code)/);
  if (page.url().includes("/signin/code")) {
    const code = await until("the mail with the code", async () => {
      const { messages } = await (await page.request.get(server + "/dev/outbox.json")).json();
      const mail = messages.find((m) => m.to === email && m.kind === "access-code" && Date.parse(m.created) >= since - 1000);
      const found = mail && /\b\d{6}\b/.exec(mail.text);
      return [found, found ? found[0] : ""];
    });
    await page.locator("input[name=code]").fill(code);
    await page.keyboard.press("Enter");
    await page.waitForURL(server + "/profiles*");
  }
  await page.locator("main").getByRole("button").first().click();
  await page.waitForURL(server + "/account/devices");
}

// find leaves only what has all the words, and everything comes back.
async function find(board) {
  const field = page.getByRole("searchbox", { name: "Find a TV or browser" });
  const left = async (n) => until(`${n} devices`, async () => {
    const names = await board.locator(".device:visible h3").allInnerTexts();
    return [names.length === n, names];
  });
  const every = await board.locator(".device h3").allInnerTexts();
  const all = every.slice(0, 40);
  const ordered = all.toSorted(new Intl.Collator("en", { numeric: true }).compare);
  if (all.join() !== ordered.join()) throw new Error(`not in natural order: ${all}`);
  await field.fill("ONLINE " + all[39]); // every address has a 12 in it
  await left(1);
  await field.fill("nowhere at all");
  await left(0);
  await page.getByRole("status").getByText("Nothing fits.").waitFor();
  await page.look("devices-many-none");
  await field.fill("");
  await left(every.length);
}

try {
  await signIn();
  const board = page.locator("#board");
  await board.getByText("Online now").nth(39).waitFor();
  await page.look("devices-many", { dark: true });
  await find(board);
  await page.getByRole("link", { name: /Sign out everywhere/ }).click();
  await page.getByText("40 devices online").waitFor();
  await page.look("everywhere-many");
  await page.getByRole("button", { name: "Sign out everywhere" }).click();
  await page.waitForURL(server + "/account/devices");
  await board.getByRole("heading", { name: "All 40 devices confirmed that they signed out" }).waitFor(); // live
  await page.look("devices-many-confirmed");
} catch (e) {
  console.log(`FAILED: ${e.stack}\nthe page is at ${page.url()}: ${await page.evaluate(() => document.body.innerText).catch(() => "")}`);
  process.exitCode = 1;
}
for (const f of browser.faults) console.log(`FAULT: ${f}`);
if (browser.faults.length > 0) process.exitCode = 1;
console.log(`${browser.looked.length} pages looked at, ${browser.faults.length} faults`);
await browser.close();
process.exit();
