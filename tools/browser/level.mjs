// Holds the TV's page to the browsers that boxes have, at the level of Chromium
// 79: every module to that syntax by esbuild, every style sheet to what that
// version knows by the tables of caniuse (doiuse).
//
//	node level.mjs ../../agent/screen/static

import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { transform } from "esbuild";
import postcss from "postcss";

const doiuse = createRequire(import.meta.url)("doiuse");

const TARGET = "chrome79";
const BROWSERS = ["chrome 79"];

// Features that version 79 has in part: the part that is used is known, and NEVER
// holds the rest.
const IN_PART = [
  ["css-logical-props", "margin-, padding- and border-inline-start and -end are known from 69"],
  ["css-overflow", "hidden is known to all"],
  ["css-masks", "with the prefix"],
].map(([feature]) => feature);

// NEVER are parts that neither table tells: old browsers would ignore them in
// silence, and something would stand in the wrong place.
const NEVER = [
  [/(^|[;{\s])(margin|padding)-(inline|block):|(^|[;{\s])border-(inline|block)(-width|-color|-style)?:/, "shorthands of logical properties, from 87"],
  [/(^|[;{\s])inset(-\w+)*:/, "inset, from 87"],
  [/(^|[;{\s])(row-|column-)?gap:/, "gap in flex boxes, from 84"],
  [/:(is|where)\(|:focus-visible/, "selectors from 86 and 88"],
  [/(^|[;{\s])(translate|scale|rotate):/, "transforms as properties, from 104"],
  [/overflow(-\w)?:\s*clip/, "overflow: clip, from 90"],
  [/(^|[;{\s])mask(-\w+)?:/, "masks without the prefix, from 120"],
];

const folder = process.argv[2];
const faults = [];

// syntax checks that esbuild would have nothing to change for the target.
async function syntax(name, text) {
  const [plain, lowered] = await Promise.all(["esnext", TARGET].map((target) =>
    transform(text, { loader: "js", format: "esm", target }).then((r) => r.code)));
  if (plain !== lowered) {
    const a = plain.split("\n");
    const at = a.findIndex((line, i) => line !== lowered.split("\n")[i]);
    faults.push(`${name}: ${TARGET} has no syntax for: ${a[at].trim()}`);
  }
}

async function styles(name, text) {
  const found = [];
  await postcss([doiuse({ browsers: BROWSERS, ignore: IN_PART, onFeatureUsage: (use) => found.push(use) })]).process(text, { from: name });
  for (const use of found) faults.push(use.message.replace(/\s+/g, " ").replace(/^\S*:(\d+):\d+:/, `${name}:$1:`));
  text.replace(/\/\*[^]*?\*\//g, (c) => c.replace(/[^\n]/g, " ")).split("\n").forEach((line, i) => {
    for (const [what, why] of NEVER) if (what.test(line)) faults.push(`${name}:${i + 1}: ${why}`);
  });
}

const names = readdirSync(folder);
for (const name of names) {
  const text = () => readFileSync(join(folder, name), "utf8");
  if (name.endsWith(".js")) await syntax(join(folder, name), text());
  if (name.endsWith(".css")) await styles(join(folder, name), text());
}

// A check that finds nothing where there is something is no check.
await syntax("self-test.js", "export const a = b?.c;");
await styles("self-test.css", "a { aspect-ratio: 1; display: flex; gap: 1rem; }");
const own = faults.filter((f) => /self-test/.test(f));
if (own.length < 3) faults.push(`the check itself does not work: it found only ${JSON.stringify(own)}`);

const real = faults.filter((f) => !/self-test/.test(f));
for (const f of real) console.error(f);
if (real.length > 0) process.exit(1);
console.log(`${names.filter((n) => /\.(js|css)$/.test(n)).length} files run in Chromium 79`);
