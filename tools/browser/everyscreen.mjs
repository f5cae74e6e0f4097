// Goes through screens and states of a TV, and has axe look at each or draws it.
// It is run by tools/e2e, whose screen shows the next one at a key, and says which
// in the live region.
//
//	node everyscreen.mjs '{"url":"http://127.0.0.1:9999/","screens":130,"shots":""}'

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const { url, screens, shots } = JSON.parse(process.argv[2]);
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
  const [name, faults] = await page.evaluate(async ([number, look]) => {
    const live = document.getElementById("say");
    while (live.textContent.split(" ")[0] !== String(number)) await new Promise((done) => setTimeout(done, 5));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    if (!look) await new Promise((done) => setTimeout(done, 400)); // the large picture follows
    if (!look) return [live.textContent, []];
    const found = await axe.run(document, { resultTypes: ["violations"] });
    return [live.textContent, found.violations.flatMap((v) => v.nodes.map((n) =>
      `${v.id}: ${n.target.join(" ")}: ${[...n.any, ...n.all, ...n.none].map((c) => c.message).join("; ")}`))];
  }, [i, !shots]);
  if (shots) await page.screenshot({ path: `${shots}/tv-${name.split(" ")[1]}.png`, animations: "disabled" });
  for (const fault of faults) console.log(`${name}: ${fault}`);
  if (faults.length > 0) process.exitCode = 1;
  await page.keyboard.press("ArrowRight");
}
await browser.close();
