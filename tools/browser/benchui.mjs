// Times a TV's page in Chromium: how long until something, and until the first
// screen, is painted, and how long from a key until what came of it is. It is run
// by tools/bench, which reads one line of JSON.
//
//	node benchui.mjs '{"url":"http://127.0.0.1:8711/","floor":"http://127.0.0.1:9999/","loads":20,"keys":400}'

import { chromium } from "playwright-core";

const { url, floor, loads, keys } = JSON.parse(process.argv[2]);

// WALK goes about the home screen, a title and the menu, and ends where it began.
const WALK = ["ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp", "Enter", "Escape", "ArrowLeft", "ArrowLeft",
  "ArrowUp", "ContextMenu", "ArrowDown", "ArrowUp", "Escape"];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});

// load opens an address in a browser that has cached nothing, and returns the times
// that it noted, in ms since it was asked for.
async function load(address, names) {
  const context = await browser.newContext({ viewport: { width: 1920, height: 1080 } });
  const page = await context.newPage();
  await page.goto(address, { waitUntil: "commit" });
  const times = await page.evaluate((names) => new Promise((done, failed) => {
    const look = () => {
      const found = names.map((n) => performance.getEntriesByName(n)[0]);
      if (found.every(Boolean)) done(found.map((e) => e.startTime));
      else if (performance.now() > 30_000) failed(new Error("never painted: " + names.filter((_, i) => !found[i]) + " of " + location + " " + document.visibilityState + " " + document.body.innerHTML.slice(0, 200)));
      else setTimeout(look, 5);
    };
    look();
  }), names);
  return { page, times, close: () => context.close() };
}

// press presses keys one after another, each when the one before is painted, and
// returns how long each took.
function press(page, walk, n) {
  return page.evaluate(async ([walk, n]) => {
    const times = [];
    performance.clearMeasures("key to paint");
    for (let i = 0; i < n; i++) {
      document.dispatchEvent(new KeyboardEvent("keydown", { key: walk[i % walk.length], bubbles: true }));
      await new Promise((done) => {
        const look = () => (performance.getEntriesByName("key to paint").length > 0 ? done() : setTimeout(look));
        look();
      });
      times.push(performance.getEntriesByName("key to paint")[0].duration);
      performance.clearMeasures("key to paint");
      await new Promise((done) => setTimeout(done, 20 + (i % 7))); // not in step with the frames
    }
    return times;
  }, [walk, n]);
}

// One page at a time: what lies behind another window is not painted.
const out = { paint: [], screen: [], floorPaint: [], keys: [], floorKeys: [] };
for (let i = 0; i <= loads; i++) {
  const ours = await load(url, ["first-contentful-paint", "first screen"]);
  if (i === loads) {
    await ours.page.waitForSelector("section.gate");
    await ours.page.keyboard.press("Enter");
    await ours.page.waitForSelector(".card.on");
    await press(ours.page, WALK, 3 * WALK.length);
    out.keys = await press(ours.page, WALK, keys);
    await ours.page.waitForSelector("section.home");
  }
  await ours.close();
  const bare = await load(floor, ["first-contentful-paint"]);
  if (i === loads) out.floorKeys = await press(bare.page, WALK, keys);
  await bare.close();
  if (i > 0) { // the first warms the browser up
    out.paint.push(ours.times[0]);
    out.screen.push(ours.times[1]);
    out.floorPaint.push(bare.times[0]);
  }
}
await browser.close();
console.log(JSON.stringify(out));
