// A browser that notices what a person would not: errors on the console, breaches
// of the content security policy, requests to other hosts, things that a screen
// reader or a narrow phone cannot cope with.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const PATIENCE = Number(process.env.PATIENCE) || 60_000; // ms, for everything that is waited for

// open starts Chromium. hosts are the only ones that may be asked for anything;
// shots is a folder for pictures, or empty.
export async function open({ hosts, shots }) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync", "--force-color-profile=srgb"],
  });
  const faults = [];
  const looked = [];
  return {
    faults,
    looked,
    close: () => browser.close(),

    // person returns a page with cookies of its own.
    async person(name, options = {}) {
      const context = await browser.newContext({ locale: "en-GB", timezoneId: "Europe/Berlin", reducedMotion: "reduce", ...options });
      context.setDefaultTimeout(PATIENCE);
      context.on("request", (r) => {
        const url = new URL(r.url());
        if (/^(https?|wss?):$/.test(url.protocol) && !hosts.includes(url.host)) faults.push(`${name}: asked ${r.url()}`);
      });
      await context.addInitScript(() => document.addEventListener("securitypolicyviolation",
        (e) => console.error(`breach of ${e.violatedDirective}: ${e.blockedURI} ${e.sample}`)));
      context.on("page", (page) => watch(name, page, faults));
      const page = await context.newPage();
      page.look = (what, more) => look(page, what, { shots, faults, looked, ...more });
      return page;
    },
  };
}

// watch notes what goes wrong on a page. An answer such as 422 to the page's own
// address is a form that was refused; those the tests ask for.
function watch(name, page, faults) {
  page.refusals = []; // patterns of console errors that are expected just now
  page.on("pageerror", (e) => faults.push(`${name}: threw ${e.message} at ${page.url()}`));
  page.on("console", (m) => {
    if (m.type() !== "error") return;
    const at = m.location().url;
    const document = at.split(/[?#]/)[0] === page.url().split(/[?#]/)[0];
    if (document && /responded with a status of 4\d\d/.test(m.text())) return;
    if (page.refusals.some((p) => p.test(m.text()))) return;
    faults.push(`${name}: console: ${m.text()} (${at})`);
  });
}

const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 390, height: 844 };

// look examines what a page shows, in light and dark, and draws it where
// pictures are asked for. TV screens have one size and are dark.
async function look(page, what, { shots, faults, looked, tv = false, dark = false }) {
  looked.push(what);
  if (tv) {
    await axe(page, what, faults);
    if (shots) await shot(page, `${shots}/tv-${what}.png`);
    return;
  }
  for (const colorScheme of ["dark", "light"]) {
    await page.emulateMedia({ colorScheme });
    await axe(page, `${what}, ${colorScheme}`, faults);
    if (shots && dark && colorScheme === "dark") await shot(page, `${shots}/page-${what}-1280-dark.png`);
  }
  if (shots) await shot(page, `${shots}/page-${what}-1280.png`);
  for (const size of [NARROW, { width: 320, height: 640 }]) {
    await page.setViewportSize(size);
    // The page does this when it is loaded, and was loaded wide.
    await page.evaluate(() => document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" }));
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    if (wide > size.width) faults.push(`${what}: ${wide} px wide on a screen of ${size.width}`);
    if (shots && size === NARROW) await shot(page, `${shots}/page-${what}-390.png`);
  }
  await page.setViewportSize(WIDE);
}

// settled waits for what moves and for what is still to be drawn. What moves for
// ever is not waited for, nor what is folded away: the browser holds it still.
function settled(page) {
  return page.evaluate(() => Promise.all([
    ...document.getAnimations().filter((a) => a.effect.target.checkVisibility({ contentVisibilityAuto: true }) && Number.isFinite(a.effect.getComputedTiming().endTime)).map((a) => a.finished.catch(() => {})),
    ...Array.from(document.images, (i) => i.decode().catch(() => {})),
  ]));
}

async function shot(page, path) {
  await settled(page);
  await page.screenshot({ path, animations: "disabled", caret: "hide" });
}

// KNOWN are faults that are reported and not mended yet, with the day. One that is
// gone should be taken off here.
const KNOWN = [
];

async function axe(page, what, faults) {
  await settled(page);
  await page.evaluate(axeSource);
  const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  for (const v of found.violations) {
    if (KNOWN.some((k) => k.what === what && k.rule === v.id)) {
      console.log(`known: ${what}: axe ${v.id}`);
      continue;
    }
    for (const n of v.nodes) {
      const why = [...n.any, ...n.all, ...n.none].map((c) => c.message).join("; ");
      faults.push(`${what}: axe ${v.id}: ${n.target.join(" ")}: ${why}`);
    }
  }
}

// tabTo moves the focus with Tab to what has this name, as a person without a
// mouse does.
export async function tabTo(page, name) {
  for (let i = 0; i < 80; i++) {
    await page.keyboard.press("Tab");
    const focus = await page.evaluate(() => {
      const e = document.activeElement;
      const label = e.labels && e.labels[0];
      return (e.getAttribute("aria-label") || (label ? label.textContent : e.textContent) || "").replace(/\s+/g, " ").trim();
    });
    if (typeof name === "string" ? focus === name : name.test(focus)) return;
  }
  throw new Error(`Tab never came to ${name} on ${page.url()}`);
}

// until polls until ask returns something, and says what it saw last.
export async function until(what, ask) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const [ok, seen] = await ask();
    if (ok) return seen;
    if (Date.now() > end) throw new Error(`waited for ${what}, last ${JSON.stringify(seen)}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}
