// Posters drawn from nothing but a title's id: the same title looks the same
// everywhere and for ever. Words of the id choose the scene where they say what
// it is about; a number made of the id chooses the rest. Episodes are variations
// of their series.

import { picture } from "./paint.js";
import { rightToLeft } from "./words.js";
import * as scenes from "./scenes.js";
import * as more from "./morescenes.js";

// Each palette: sky above, sky below, far, middle, near, light.
const PALETTES = [
  ["#2a1a4a", "#f2784b", "#b8475a", "#6d2a55", "#2b1336", "#ffd9a0"],
  ["#0b2b40", "#3f8f9b", "#2a6f80", "#174a5c", "#0a2533", "#f7e3b2"],
  ["#10131f", "#3a4a78", "#2c3760", "#1c2444", "#0d1226", "#f3e9c6"],
  ["#e9a15b", "#f6d9a2", "#d9814a", "#a9512f", "#5d2a1e", "#fff3d6"],
  ["#123a2c", "#7fae6a", "#3f7a51", "#235640", "#0e2a22", "#f4e9b0"],
  ["#3a0f2b", "#c93b56", "#8f2450", "#5a1742", "#2a0a24", "#ffb7a0"],
  ["#1c2a52", "#c490c9", "#8062ab", "#4a3d80", "#1f1f47", "#ffe3e8"],
  ["#0a2233", "#e8b04a", "#c26f38", "#6b3a3c", "#1f1b2e", "#fff0c2"],
  ["#5ea7c4", "#dff0ea", "#7fb3b0", "#3f7f8c", "#1d4a5e", "#fffbe9"],
  ["#2b2118", "#b98a56", "#7d5636", "#4f3524", "#241710", "#ffdf9e"],
  ["#151a2e", "#4fb0a5", "#2d6d7d", "#204a63", "#131d38", "#ffe8a3"],
  ["#41204f", "#f0a3a0", "#b85f83", "#763f72", "#351b45", "#fff0d8"],
];

// Palettes of kids' pictures: bright, and dark enough at the foot for a name.
const BRIGHT = [
  ["#3fa9e0", "#bfe8f7", "#6cc36b", "#3f9a5d", "#1f5f4a", "#fff4b8"],
  ["#ff9a5a", "#ffe0a3", "#f2726f", "#b94f7a", "#5a2a5e", "#fff6d8"],
  ["#6c63d8", "#c9b6ff", "#8f7bea", "#5a4bb8", "#2c2a70", "#fff0b0"],
  ["#1fb5a8", "#b9f2d9", "#ffb24d", "#e87a3f", "#7a3350", "#fffbe0"],
  ["#f277a5", "#ffd3dd", "#c65fb0", "#7d4aa6", "#3c2a6e", "#fff3c4"],
];

// ABOUT says which beginnings of words of an id mean which scene.
const ABOUT = [
  ["pancake|monster|gruff|robot|friend|critter|tinker", more.critter],
  ["lighthouse|harbour|harbor|storm|ferry|coast", more.lighthouse],
  ["boat|tide|seas?\\b|ocean|captain|whale|sail|water|river|creek", scenes.sea],
  ["orbit|star|space|planet|moon|meridian|signal|comet", scenes.space],
  ["snow|winter|ice\\b|north|glacier|arctic", more.snow],
  ["kite|balloon|wind|cloud|sky", more.kites],
  ["orchard|garden|flower|juniper|tree|apple|spring", more.orchard],
  ["forest|wood|otter|bear|wolf|wolves", scenes.forest],
  ["platform|train|tram|rail|station|journey|road", more.rails],
  ["lantern|street|market|festival|alley|lane", more.lanterns],
  ["ledger|letter|book|verdict|tapes?\\b|archive|library", more.books],
  ["city|volt|night|midnight|tower|detective", scenes.city],
  ["house|hearth|home|hall|copper|bakery|kitchen|cottage", scenes.house],
  ["desert|dune|sand|iron|dust|west", scenes.dunes],
  ["map|cartograph|paper|league|game", scenes.blocks],
  ["orchestra|music|song|dance|concert", scenes.rays],
].map(([words, scene]) => [new RegExp("\\b(" + words + ")"), scene]);

const SCENES = [scenes.mountains, scenes.city, scenes.dunes, scenes.space, scenes.forest, scenes.sea, scenes.house, scenes.rays,
  scenes.scales, scenes.blocks, more.snow, more.kites, more.orchard, more.rails, more.lanterns, more.books, more.lighthouse];
const FRIENDLY = [more.critter, more.kites, more.orchard, scenes.house, scenes.sea, more.critter, scenes.space, more.lighthouse];

// hash is FNV-1a.
function hash(text) {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  }
  return value >>> 0;
}

// random returns a generator of numbers in [0, 1): mulberry32.
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// seriesOf returns the id without what names an episode: "salt-s1e3" is of "salt".
function seriesOf(id) {
  return id.replace(/[-_./ ]?s\d{1,3}[-_./ ]?e\d{1,4}$/i, "");
}

// look returns the scene and colours of a title.
function look(id, kids) {
  const series = seriesOf(id);
  const seed = hash(series);
  const r = random(seed);
  const about = ABOUT.find(([words]) => words.test(series.toLowerCase().replace(/[-_.]/g, " ")));
  const pick = (list) => list[Math.floor(r() * list.length)];
  const any = pick(kids ? FRIENDLY : SCENES);
  const colours = pick(kids ? BRIGHT : PALETTES);
  return { scene: about && !(kids && r() < 0.4) ? about[1] : any, colours, rest: random(series === id ? seed ^ 0x9e3779b9 : hash(id)) };
}

const KEPT = 8e6; // pixels of the pictures that are kept: 32 MB

const kept = new Map(); // pictures by what they are of, the one used last at the end
const taken = new Set(); // those given out in this task, which may not be in the document yet

// art returns the picture of a title for a box that is rem wide; of a friendly kind
// on a kids profile's screens. One that was made for a screen that is gone is used
// again; where a title stands in two rows, each has its own.
export function art(id, kids, rem) {
  const key = id + " " + !!kids + " " + rem;
  let canvas = kept.get(key);
  if (!canvas || canvas.isConnected || taken.has(canvas)) {
    const { scene, colours, rest } = look(id, kids);
    canvas = picture(scene(rest, colours), colours[0], colours[1], rem);
  }
  take(canvas);
  kept.delete(key);
  kept.set(key, canvas);
  forgetOld();
  return canvas;
}

// take keeps a picture from being given out again before what is drawn now stands.
function take(canvas) {
  if (taken.size === 0) {
    Promise.resolve().then(() => taken.clear());
  }
  taken.add(canvas);
}

// lettering returns the class of the lettering of a title's name, one of five;
// episodes have that of their series. Arabic and Hebrew have one of their own.
export function lettering(id, name) {
  return rightToLeft(name) ? "joined" : "lettering-" + ((hash(seriesOf(id) + "/lettering") >>> 3) % 5);
}

// forgetOld drops the pictures that were not used for longest.
function forgetOld() {
  let pixels = 0;
  Array.from(kept).reverse().forEach(([key, canvas]) => {
    pixels += canvas.width * canvas.height;
    if (pixels > KEPT) {
      kept.delete(key);
    }
  });
}
