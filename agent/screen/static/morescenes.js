// More scenes of posters.

import { H, W, circle, path, rect } from "./paint.js";
import { ridge, stars, swell } from "./scenes.js";

// snow is a range of white peaks while it snows.
export function snow(r, c) {
  const all = [circle(60 + r() * 200, 44, 18, c[5], { opacity: 0.85 })];
  for (let i = 0; i < 3; i++) {
    const x = 40 + i * 105 + r() * 40;
    const top = 52 + r() * 22;
    const half = 78 + r() * 16;
    all.push(path("M" + (x - half) + " 156L" + x + " " + top + "L" + (x + half) + " 156z", c[2 + (i % 2)]));
    all.push(path("M" + (x - half * 0.3) + " " + (top + 31) + "L" + x + " " + top + "L" + (x + half * 0.3) + " " + (top + 31) +
      "l-" + half * 0.14 + " -7 -" + half * 0.16 + " 11 -" + half * 0.15 + " -9z", "#fff", { opacity: 0.92 }));
  }
  all.push(swell(r, 140, 16, 3, c[5]), swell(r, 160, 14, 2, c[4]));
  for (let i = 0; i < 46; i++) {
    all.push(circle(r() * W, r() * H, 0.7 + r() * 1.5, "#fff", { opacity: 0.4 + r() * 0.5 }));
  }
  return all;
}

function cloud(x, y, s, fill, opacity) {
  return [[-22, 4, 13], [-6, -5, 17], [14, -1, 14], [28, 6, 9]].map(([dx, dy, size]) => circle(x + dx * s, y + dy * s, size * s, fill, { opacity }))
    .concat(rect(x - 35 * s, y + 4 * s, 72 * s, 13 * s, fill, { rx: 6.5 * s, opacity }));
}

// kites fly over hills, with long tails.
export function kites(r, c) {
  const all = [...cloud(60 + r() * 30, 50, 1, c[5], 0.55), ...cloud(230 + r() * 40, 34, 0.8, c[5], 0.45)];
  const tones = [c[2], c[5], c[3]];
  for (let i = 0; i < 3; i++) {
    const x = 62 + i * 88 + r() * 36;
    const y = 34 + r() * 34;
    const s = 15 + r() * 11;
    const turn = { transform: "rotate(" + (-24 + r() * 48) + " " + x + " " + y + ")" };
    all.push(path("M" + x + " " + (y + s * 1.5) + "q" + (10 + r() * 14) + " 18 -4 34t8 " + (26 + r() * 14), "none", { stroke: c[4], "stroke-width": 1.6, opacity: 0.8 }));
    all.push(path("M" + x + " " + (y - s) + "L" + (x + s * 0.8) + " " + y + "L" + x + " " + (y + s * 1.5) + "L" + (x - s * 0.8) + " " + y + "z", tones[i], turn));
    all.push(path("M" + x + " " + (y - s) + "L" + (x + s * 0.8) + " " + y + "H" + x + "z", tones[(i + 1) % 3], turn));
    all.push(path("M" + x + " " + y + "V" + (y + s * 1.5) + "L" + (x - s * 0.8) + " " + y + "z", tones[(i + 1) % 3], turn));
  }
  return all.concat(swell(r, 138, 22, 3, c[2]), swell(r, 156, 20, 2, c[3]), swell(r, 172, 12, 3, c[4]));
}

// orchard is rows of round trees with their fruit.
export function orchard(r, c) {
  const all = [circle(70 + r() * 180, 52, 26, c[5]), swell(r, 104, 18, 3, c[2])];
  [[112, 0.62, 7], [136, 0.85, 5], [166, 1.2, 4]].forEach(([y, s, n], line) => {
    all.push(rect(0, y - 4, W, H, c[line < 2 ? 3 : 4], { opacity: line < 2 ? 0.85 : 1 }));
    for (let i = 0; i <= n; i++) {
      const x = (i + (line % 2) * 0.5 + r() * 0.2) * (W / n) - 8;
      all.push(rect(x - 2 * s, y - 16 * s, 4 * s, 20 * s, c[4]));
      all.push(circle(x, y - 26 * s, 16 * s, c[line === 1 ? 2 : 3]), circle(x - 5 * s, y - 30 * s, 9 * s, c[2], { opacity: 0.7 }));
      for (let f = 0; f < 5; f++) {
        all.push(circle(x + (r() - 0.5) * 22 * s, y - 26 * s + (r() - 0.5) * 22 * s, 2.2 * s, c[5]));
      }
    }
  });
  return all;
}

// rails run to a far light, between lamps.
export function rails(r, c) {
  const x = 120 + r() * 80;
  const y = 84;
  const all = [...stars(r, 24, c[5]), circle(x, y, 44, c[5], { opacity: 0.16 }), circle(x, y, 24, c[5], { opacity: 0.3 }), circle(x, y, 9, c[5]),
    ridge(r, 96, 26, 8, c[3]), rect(0, 92, W, H, c[4]), path("M" + (x - 4) + " 92L-30 180H" + (W + 30) + "L" + (x + 4) + " 92z", c[3])];
  for (let i = 0; i < 8; i++) {
    const t = Math.pow(i / 7, 2.2);
    all.push(rect(x - 8 - t * 92, 94 + t * 82, 16 + t * 184, 0.8 + t * 5, c[4]));
  }
  [-1, 1].forEach((side) => {
    all.push(path("M" + (x + side * 2) + " 92L" + (x + side * 62) + " 180h" + side * 7 + "L" + (x + side * 3.4) + " 92z", c[1]));
    [0.18, 0.42, 0.8].forEach((t) => {
      const px = x + side * (22 + t * 150);
      const top = 84 - t * 58;
      all.push(rect(px - 0.6 - t, top, 1.2 + 2 * t, 20 + t * 110, c[4]), circle(px, top, 3 + t * 12, c[5], { opacity: 0.3 }), circle(px, top, 1.6 + t * 5, c[5]));
    });
  });
  return all;
}

// lanterns hang over a narrow street.
export function lanterns(r, c) {
  const all = [...stars(r, 14, c[5])];
  [0, W].forEach((edge, side) => {
    for (let i = 0; i < 3; i++) {
      const width = 92 - i * 26;
      all.push(rect(side ? W - width : 0, 30 + i * 18 + r() * 8, width, H, c[2 + i]));
      for (let wy = 58 + i * 16; wy < 150; wy += 22) {
        all.push(rect(side ? W - width + 6 + i * 3 : width - 16 - i * 3, wy, 8, 11, c[5], { opacity: r() < 0.6 ? 0.85 : 0.12, rx: 1.5 }));
      }
    }
  });
  all.push(path("M70 180L140 112h40l70 68z", c[4]));
  [[38, 62], [66, 84]].forEach(([y, sag], line) => {
    all.push(path("M-4 " + y + "Q160 " + (y + sag) + " 324 " + y, "none", { stroke: c[4], "stroke-width": 1.4 }));
    for (let i = 1; i < 7; i++) {
      const t = (i + line * 0.4) / 7.4;
      const x = -4 + 328 * t;
      const ly = y + 2 * t * (1 - t) * sag + 2;
      all.push(circle(x, ly + 9, 17, c[5], { opacity: 0.14 }), rect(x - 6, ly, 12, 17, i % 2 ? c[1] : c[5], { rx: 5 }), rect(x - 3, ly - 1.5, 6, 3, c[4]), rect(x - 3, ly + 15.5, 6, 3, c[4]));
    }
  });
  return all;
}

// books stand on shelves, with a lamp.
export function books(r, c) {
  const all = [rect(0, 0, W, H, c[4], { opacity: 0.55 })];
  const tones = [c[0], c[1], c[2], c[3], c[5], c[2]];
  const lamp = 60 + r() * 200;
  for (let line = 0; line < 3; line++) {
    const foot = 58 + line * 60;
    for (let x = -4; x < W; ) {
      const width = 7 + r() * 12;
      const height = 30 + r() * 20;
      const lean = r() < 0.1 ? { transform: "rotate(" + 9 + " " + x + " " + foot + ")" } : {};
      const tone = tones[Math.floor(r() * tones.length)];
      all.push(rect(x, foot - height, width - 0.8, height, tone, Object.assign({ rx: 1 }, lean)));
      all.push(rect(x + 1.5, foot - height * 0.8, width - 4, 1.6, c[5], Object.assign({ opacity: 0.7 }, lean)));
      x += width + (r() < 0.08 ? 12 : 0);
    }
    all.push(rect(0, foot, W, 6, c[4]));
  }
  return all.concat(circle(lamp, 70, 96, c[5], { opacity: 0.13 }), circle(lamp, 70, 56, c[5], { opacity: 0.16 }));
}

// lighthouse throws its beam over the sea.
export function lighthouse(r, c) {
  const x = 150 + r() * 120;
  const turn = r() < 0.5 ? 1 : -1;
  const beam = (side, wide) => path("M" + x + " 47L" + (x + side * 340) + " " + (20 - wide) + "v" + (36 + wide * 2) + "z", c[5], { opacity: 0.22 });
  const all = [...stars(r, 30, c[5]), circle(x - 90 - r() * 40, 40, 15, c[5]), beam(turn, 14), beam(-turn, 4), swell(r, 122, 8, 6, c[2]), swell(r, 138, 9, 5, c[3])];
  all.push(path("M" + (x - 62) + " 180q10 -44 62 -46t66 46z", c[4]));
  all.push(path("M" + (x - 10) + " 54h20l6 84h-32z", "#f6efe2"), path("M" + (x - 11.5) + " 74h23l1.5 20h-26zM" + (x - 14.5) + " 114h29l1.6 20h-32z", c[1]));
  all.push(rect(x - 13, 52, 26, 4, c[4]), rect(x - 8, 40, 16, 13, c[5]), path("M" + (x - 10) + " 41L" + x + " 30l10 11z", c[4]), circle(x, 47, 20, c[5], { opacity: 0.3 }));
  return all.concat(swell(r, 172, 9, 6, c[4]));
}

// critter is somebody round, with ears and a smile.
export function critter(r, c) {
  const x = 150 + r() * 90;
  const y = 98;
  const skin = ["#f4a259", "#8fc7a1", "#e58f8a", "#8fb3e8", "#c9a0dc", "#f2d06b"][Math.floor(r() * 6)];
  const dark = "#2b1b33";
  const kind = Math.floor(r() * 4);
  const all = [...cloud(52 + r() * 30, 42, 0.9, c[5], 0.6), ...cloud(250 + r() * 30, 56, 0.8, c[5], 0.5), swell(r, 140, 18, 3, c[2])];
  [-1, 1].forEach((side) => {
    const ears = [
      [circle(x + side * 36, y - 38, 19, skin), circle(x + side * 36, y - 38, 10, c[5])],
      [path("M" + (x + side * 14) + " " + (y - 40) + "l" + side * 34 + " -32 2 44z", skin)],
      [rect(x + side * 20 - 11, y - 88, 22, 62, skin, { rx: 11, transform: "rotate(" + side * 12 + " " + x + " " + y + ")" })],
      [path("M" + (x + side * 22) + " " + (y - 40) + "q" + side * 2 + " -24 " + side * 18 + " -30", "none", { stroke: skin, "stroke-width": 6, "stroke-linecap": "round" }), circle(x + side * 41, y - 72, 7, c[5])],
    ];
    all.push(...ears[kind]);
  });
  all.push(circle(x, y, 54, skin), circle(x, y + 26, 26, c[5], { opacity: 0.75 }));
  [-1, 1].forEach((side) => all.push(circle(x + side * 21, y - 8, 10, "#fff"), circle(x + side * 19, y - 7, 5.4, dark), circle(x + side * 17.5, y - 9.5, 1.8, "#fff"),
    circle(x + side * 34, y + 13, 7, "#ff7f7f", { opacity: 0.45 })));
  all.push(path("M" + (x - 6) + " " + (y + 8) + "h12l-6 7z", dark), path("M" + (x - 15) + " " + (y + 22) + "q15 15 30 0", "none", { stroke: dark, "stroke-width": 3.4, "stroke-linecap": "round" }));
  return all.concat(swell(r, 158, 16, 2, c[3]), swell(r, 174, 10, 3, c[4]));
}
