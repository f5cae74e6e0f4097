// Goes through every screen and state of a TV, and has axe look at each. It is run
// by tools/e2e, whose screen shows the next one at a key, and says which in the
// live region.
//
//	node everyscreen.mjs '{"url":"http://127.0.0.1:9999/","screens":130}'

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const { url, screens } = JSON.parse(process.argv[2]);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const context = await browser.newContext({ viewport: { width: 1920, height: 1080 }, reducedMotion: "reduce" });
const page = await context.newPage();
await page.goto(url);
await page.evaluate(axe);
for (let i = 0; i < screens; i++) {
  const [name, faults] = await page.evaluate(async (number) => {
    const live = document.getElementById("say");
    while (live.textContent.split(" ")[0] !== String(number)) await new Promise((done) => setTimeout(done, 5));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    const found = await axe.run(document, { resultTypes: ["violations"] });
    return [live.textContent, found.violations.flatMap((v) => v.nodes.map((n) =>
      `${v.id}: ${n.target.join(" ")}: ${[...n.any, ...n.all, ...n.none].map((c) => c.message).join("; ")}`))];
  }, i);
  for (const fault of faults) console.log(`${name}: ${fault}`);
  if (faults.length > 0) process.exitCode = 1;
  await page.keyboard.press("ArrowRight");
}
await browser.close();
