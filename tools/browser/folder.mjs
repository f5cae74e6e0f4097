// Serves a folder of rendered pages, as `go test ./server/web -pages FOLDER` writes it.

import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";

const KINDS = { ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".html": "text/html; charset=utf-8" };

// serve returns where the folder's pages are, each by its address, and what ends it.
// also is a script that runs in each page: one that the browser keeps compiled.
export async function serve(folder, also = "") {
  const server = createServer((req, res) => {
    if (also && req.url === "/also.js") return res.writeHead(200, { "content-type": KINDS[".js"], "cache-control": "max-age=3600" }).end(also);
    const path = join(folder, decodeURIComponent(new URL(req.url, "http://page").pathname));
    if (!existsSync(path) || statSync(path).isDirectory()) return res.writeHead(404).end();
    const kind = KINDS[extname(path)] ?? "text/plain";
    const whole = readFileSync(path);
    if (extname(path) !== ".html") return res.writeHead(200, { "content-type": kind, "cache-control": "max-age=3600" }).end(whole);
    res.writeHead(200, { "content-type": kind }).end(also ? `${whole}<script src="/also.js"></script>` : whole);
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const origin = `http://127.0.0.1:${server.address().port}/`;
  const pages = readdirSync(folder).filter((n) => n.endsWith(".html")).map((n) => ({ name: n.slice(0, -5), url: origin + n }));
  return { pages, close: () => server.close() };
}
