// Has axe look at every page in every state that it can have, in light on a computer
// and in dark on a phone, with what is folded away unfolded: `node every.mjs FOLDER`
// of pages that `go test ./server/web -pages FOLDER` wrote.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import { serve } from "./folder.mjs";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const site = await serve(process.argv[2]);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"],
});

let faults = 0;
const looks = [["light", { width: 1280, height: 800 }], ["dark", { width: 390, height: 844 }]];
await Promise.all(looks.map(async ([colorScheme, viewport]) => { // each has a process of its own in the browser
  const page = await browser.newPage({ colorScheme, viewport, reducedMotion: "reduce" });
  for (const { name, url } of site.pages) {
    await page.goto(url);
    await page.evaluate(() => {
      for (const [i, d] of document.querySelectorAll("details").entries()) d.open = i < 3;
    });
    await page.evaluate(axeSource);
    const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
    for (const v of violations) {
      for (const n of v.nodes) {
        console.log(`${name}, ${colorScheme}: ${v.id}: ${n.target.join(" ")}: ${[...n.any, ...n.all, ...n.none].map((c) => c.message).join("; ")}`);
        faults++;
      }
    }
  }
}));
console.log(`${site.pages.length} pages looked at, ${faults} faults`);
await browser.close();
site.close();
process.exit(faults || site.pages.length === 0 ? 1 : 0);
