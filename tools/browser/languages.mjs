// Draws some pages of a folder in another language, on a computer and on a phone, each
// as far as a window shows: `node languages.mjs FOLDER LANGUAGE SHOTS`, of pages that
// `go test ./server/web -pages FOLDER -language LANGUAGE` wrote.

import { chromium } from "playwright-core";
import { serve } from "./folder.mjs";

// Those that say most: the board, a list that grows, what cannot be undone, a form with
// an error, two networks beside each other, prose.
const SHOWN = ["landing", "overview", "devices", "devices-round", "everywhere", "profiles", "security", "signup-wrong", "tv-approve-far", "timeline", "receipt", "help"];

const [folder, language, shots] = process.argv.slice(2);
const site = await serve(folder);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"],
});
const pages = site.pages.filter(({ name }) => SHOWN.includes(name));
for (const viewport of [{ width: 1280, height: 800 }, { width: 390, height: 844 }]) {
  const page = await browser.newPage({ viewport, reducedMotion: "reduce", javaScriptEnabled: false, locale: language });
  for (const { name, url } of pages) {
    await page.goto(url);
    await page.screenshot({ path: `${shots}/page-${language}-${name}-${viewport.width}.png` });
  }
}
await browser.close();
site.close();
if (pages.length !== SHOWN.length) {
  console.log(`${pages.length} of ${SHOWN.length} pages are there`);
  process.exit(1);
}
