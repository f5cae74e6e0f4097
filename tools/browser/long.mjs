// Holds rendered pages against their width: `node long.mjs FOLDER` looks at every
// page of a folder on a phone and on a computer, and says what is wider than the
// screen or cut off. The pages are those of `go test ./server/web -pages`, in a
// language that is longer than English.

import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { chromium } from "playwright-core";

const [folder] = process.argv.slice(2);
const kinds = { ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".html": "text/html; charset=utf-8" };

// Addresses of static files carry a digest of their content.
function find(address) {
  const path = join(folder, address);
  if (existsSync(path)) return path;
  return join(folder, address.replace(/[.-][0-9a-f]{6,}(?=\.\w+$)/, ""));
}

const server = createServer((req, res) => {
  const path = find(decodeURIComponent(new URL(req.url, "http://page").pathname));
  if (!existsSync(path) || statSync(path).isDirectory()) return res.writeHead(404).end();
  res.writeHead(200, { "content-type": kinds[extname(path)] ?? "text/plain" }).end(readFileSync(path));
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));

// cut finds what does not fit. Names that people chose may be cut with dots, and
// what is typed scrolls in its field.
function cut() {
  const wide = document.documentElement.clientWidth;
  const out = document.documentElement.scrollWidth > wide ? [`the page is ${document.documentElement.scrollWidth} wide`] : [];
  for (const e of document.querySelectorAll("body *")) {
    const style = getComputedStyle(e);
    if (style.display === "none" || e.closest("template, .vh, svg, nav.tabs, bdi, input, select, pre, .menu-list")) continue;
    const what = `${e.tagName}.${e.getAttribute("class") ?? ""} “${e.textContent.trim().slice(0, 40)}”`;
    if (/hidden|clip/.test(style.overflowX) && e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1) out.push(`${what} is cut`);
    const box = e.getBoundingClientRect();
    if (box.width > 0 && style.position !== "absolute" && (box.right > wide + 1 || box.left < -1)) out.push(`${what} is outside`);
  }
  return out.slice(0, 3);
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"],
});
let bad = 0;
for (const width of [390, 1280]) {
  const page = await browser.newPage({ viewport: { width, height: 900 }, javaScriptEnabled: false });
  for (const name of readdirSync(folder).filter((n) => n.endsWith(".html"))) {
    await page.goto(`http://127.0.0.1:${server.address().port}/${name}`);
    for (const what of await page.evaluate(cut)) {
      console.log(`${name} at ${width}: ${what}`);
      bad++;
    }
  }
}
await browser.close();
server.close();
process.exit(bad ? 1 : 0);
