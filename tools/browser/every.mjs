// Has axe look at every page in every state that it can have, in light on a computer
// and in dark on a phone, with what is folded away unfolded, and walks through it as
// the Tab key does: `node every.mjs FOLDER`
// of pages that `go test ./server/web -pages FOLDER` wrote.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import { serve } from "./folder.mjs";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const site = await serve(process.argv[2], axeSource);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"],
});

// look has axe judge the page as it is drawn now, once no colour is on its way any
// more. It need not fetch the style sheets again: no rule that is on reads them.
const look = async () => {
  document.body.getBoundingClientRect();
  for (const a of document.getAnimations()) if (a instanceof CSSTransition) a.finish();
  const { violations } = await axe.run(document, { resultTypes: ["violations"], preload: false });
  return violations.flatMap((v) => v.nodes.map((n) =>
    `${v.id}: ${n.target.join(" ")}: ${[...n.any, ...n.all, ...n.none].map((c) => c.message).join("; ")}`));
};

// keys tells what a person without a mouse would miss: a stop that cannot be seen, is
// not marked or hides behind something, an order that is not the page's, a form that
// was refused and does not say so where the focus is. What is folded away stays so.
const keys = () => {
  const found = [];
  const label = (e) => `${e.tagName.toLowerCase()} “${(e.getAttribute("aria-label") || e.labels?.[0]?.textContent || e.textContent || e.name || "").replace(/\s+/g, " ").trim().slice(0, 40)}”`;
  const stops = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")]
    .filter((e) => e.tabIndex >= 0 && !e.disabled && e.checkVisibility({ visibilityProperty: true }));
  const skip = stops[0];
  if (!skip?.matches(".skip") || !document.querySelector(skip.getAttribute("href"))) found.push("Tab does not begin with the way past the navigation");
  const wrong = document.querySelector("main [aria-invalid=true], main [data-problems]");
  if (wrong && !document.activeElement.matches("[data-problems], [aria-invalid=true]")) found.push(`after a refusal the focus is on ${label(document.activeElement)}`);
  for (const e of stops) {
    if (e.tabIndex > 0) found.push(`${label(e)} jumps the queue`);
    e.focus({ focusVisible: true });
    const shown = e.matches(".choice input") ? e.nextElementSibling : e;
    const style = getComputedStyle(shown);
    if (document.activeElement !== e) found.push(`${label(e)} takes no focus`);
    else if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) found.push(`${label(e)} does not show that it has the focus`);
    const { left, top, width, height } = shown.getBoundingClientRect();
    const x = left + width / 2, y = top + height / 2;
    const over = document.elementFromPoint(x, y);
    if (width < 1 || height < 1 || !over) found.push(`${label(e)} is focused out of sight`);
    else if (!shown.contains(over) && !over.contains(shown) && !e.contains(over)) found.push(`${label(e)} is behind ${label(over)}`);
    for (let box = e; box && box !== document.body; box = box.parentElement) {
      const { order, flexDirection } = getComputedStyle(box);
      if (order !== "0" || flexDirection.endsWith("reverse")) found.push(`${label(e)} is drawn in another place than it is reached`);
    }
  }
  document.activeElement.blur();
  scrollTo(0, 0);
  return found;
};

// settled: a browser gives a field that asks for it the focus with the first frame,
// which may come after the page was loaded.
const settled = () => !document.querySelector("main [aria-invalid=true], main [data-problems]") || document.activeElement !== document.body;

let faults = 0;
const report = (name, looks, found) => {
  for (const f of found) console.log(`${name}, ${looks}: ${f}`);
  faults += found.length;
};
const computer = { width: 1280, height: 800 }, phone = { width: 390, height: 844 };
const waiting = [...site.pages];
await Promise.all([1, 2].map(async () => { // each has a process of its own in the browser
  const page = await browser.newPage({ reducedMotion: "reduce" });
  for (let next; (next = waiting.shift());) { // a page is loaded once, and drawn twice
    await Promise.all([page.setViewportSize(computer), page.emulateMedia({ colorScheme: "light" })]);
    await page.goto(next.url);
    await page.waitForFunction(settled, null, { timeout: 3000 }).catch(() => {}); // keys says what is wrong then
    report(next.name, "keyboard", await page.evaluate(keys));
    await page.evaluate(() => {
      for (const [i, d] of document.querySelectorAll("details").entries()) d.open = i < 3;
    });
    report(next.name, "light", await page.evaluate(look));
    await Promise.all([page.setViewportSize(phone), page.emulateMedia({ colorScheme: "dark" })]);
    report(next.name, "dark", await page.evaluate(look));
  }
}));
console.log(`${site.pages.length} pages looked at, ${faults} faults`);
await browser.close();
site.close();
process.exit(faults || site.pages.length === 0 ? 1 : 0);
