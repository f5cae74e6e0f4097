// The scenes of posters. Each takes a generator of numbers and a palette and
// returns what lies on the sky.

import { H, W, circle, path, rect, within } from "./paint.js";

export function stars(r, n, fill) {
  const all = [];
  for (let i = 0; i < n; i++) {
    all.push(circle(r() * W, r() * H * 0.62, 0.4 + r() * 0.9, fill, { opacity: 0.35 + r() * 0.6 }));
  }
  return all;
}

// ridge is a jagged line of mountains, closed at the bottom.
export function ridge(r, base, height, steps, fill) {
  let d = "M0 " + H + "V" + (base - r() * height);
  for (let i = 1; i <= steps; i++) {
    const up = i % 2 ? height * (0.55 + r() * 0.45) : height * r() * 0.35;
    d += "L" + (((i - 0.3 + r() * 0.5) * W) / steps) + " " + (base - up);
  }
  return path(d + "L" + (W + 20) + " " + base + "V" + H + "z", fill);
}

// swell is a smooth line of hills, dunes or waves.
export function swell(r, base, height, steps, fill) {
  const step = W / steps;
  let d = "M" + -step + " " + H + "V" + base;
  for (let i = 0; i <= steps + 1; i++) {
    const up = (i % 2 ? -1 : 1) * height * (0.4 + r() * 0.6);
    d += "q" + step / 2 + " " + -up + " " + step + " 0";
  }
  return path(d + "V" + H + "z", fill);
}

export function mountains(r, c) {
  const x = 60 + r() * 200;
  return [
    ...stars(r, 26, c[5]),
    circle(x, 62, 40, c[5], { opacity: 0.18 }), circle(x, 62, 25, c[5]),
    ridge(r, 132, 78, 6, c[2]), ridge(r, 150, 62, 7, c[3]), ridge(r, 176, 52, 9, c[4]),
  ];
}

export function dunes(r, c) {
  const x = 70 + r() * 180;
  return [
    circle(x, 70, 46, c[5], { opacity: 0.25 }), circle(x, 70, 34, c[5]),
    swell(r, 108, 26, 3, c[2]), swell(r, 132, 30, 2, c[3]), swell(r, 158, 24, 3, c[4]),
  ];
}

export function city(r, c) {
  const all = [...stars(r, 22, c[5]), circle(230 + r() * 50, 40, 17, c[5])];
  [[2, 44, 70], [3, 30, 92], [4, 12, 74]].forEach(([colour, low, range], layer) => {
    for (let x = -8 - r() * 10; x < W; ) {
      const width = 16 + r() * 22;
      const height = low + r() * range;
      all.push(rect(x, H - height, width, height + 2, c[colour]));
      if (layer === 1 && height > 70) {
        all.push(rect(x + width / 2 - 0.7, H - height - 14, 1.4, 14, c[colour]));
      }
      for (let wy = H - height + 6; layer && wy < H - 8; wy += 8) {
        for (let wx = x + 4; wx < x + width - 5; wx += 6) {
          if (r() < 0.28) {
            all.push(rect(wx, wy, 2.6, 3.6, c[5], { opacity: 0.4 + r() * 0.6 }));
          }
        }
      }
      x += width + r() * 6;
    }
  });
  return all;
}

export function sea(r, c) {
  const x = 90 + r() * 140;
  const all = [circle(x, 106, 58, c[5], { opacity: 0.16 }), circle(x, 106, 40, c[5]), rect(0, 106, W, 80, c[3])];
  for (let i = 0; i < 9; i++) {
    const width = 84 - i * 6 + r() * 26;
    all.push(rect(x - width / 2 + (r() - 0.5) * 14, 111 + i * 7.5, width, 2.4, c[5], { opacity: 0.75 - i * 0.07, rx: 1.2 }));
  }
  const b = x > 160 ? 60 + r() * 30 : 230 + r() * 40;
  all.push(path("M" + b + " 82v34h-22zM" + (b + 2) + " 72v44h26z", c[5], { opacity: 0.92 }));
  all.push(path("M" + (b - 28) + " 119h62l-9 11h-44z", c[4]));
  return all.concat(swell(r, 168, 9, 6, c[4]));
}

export function forest(r, c) {
  const all = [...stars(r, 20, c[5]), circle(60 + r() * 200, 46, 20, c[5], { opacity: 0.9 })];
  [[2, 118, 46, 15], [3, 146, 64, 22], [4, 186, 88, 30]].forEach(([colour, base, height, spread]) => {
    all.push(rect(0, base - 6, W, H, c[colour]));
    for (let x = r() * -20; x < W + 20; x += spread * (0.7 + r() * 0.7)) {
      const h = height * (0.6 + r() * 0.55);
      const w = h * 0.2;
      for (let tier = 0; tier < 3; tier++) {
        const top = base - h + (tier * h) / 4.5;
        const half = w * (0.7 + tier * 0.42);
        all.push(path("M" + x + " " + top + "L" + (x + half) + " " + (top + h * 0.45) + "H" + (x - half) + "z", c[colour]));
      }
    }
  });
  return all;
}

export function space(r, c) {
  const x = 100 + r() * 130;
  const y = 78 + r() * 20;
  const size = 42 + r() * 14;
  const tilt = -28 + r() * 16;
  const bands = [circle(x, y, size, c[2])];
  for (let i = 0; i < 5; i++) {
    bands.push(rect(x - 80, y - size + 8 + i * size * 0.4 + r() * 8, 160, 3 + r() * 9, i % 2 ? c[5] : c[3], {
      opacity: i % 2 ? 0.35 : 0.7, transform: "rotate(" + tilt / 2 + " " + x + " " + y + ")" }));
  }
  bands.push(circle(x - size * 0.5, y - size * 0.4, size * 1.5, "none", { stroke: c[4], "stroke-width": size * 0.9, opacity: 0.45 }));
  const ring = (d) => path(d, "none", { stroke: c[5], "stroke-width": 3.5, opacity: 0.85, transform: "rotate(" + tilt + " " + x + " " + y + ")" });
  const wide = size * 1.75;
  return [
    ...stars(r, 60, c[5]), ...stars(r, 12, c[1]),
    ring("M" + (x - wide) + " " + y + "a" + wide + " " + size * 0.34 + " 0 0 1 " + 2 * wide + " 0"), within(x, y, size, bands),
    ring("M" + (x - wide) + " " + y + "a" + wide + " " + size * 0.34 + " 0 0 0 " + 2 * wide + " 0"),
    circle(x + size * 1.7, y - size * 0.9, 7 + r() * 5, c[5]),
  ];
}

export function house(r, c) {
  const x = 90 + r() * 140;
  const smoke = (dx, dy, size) => circle(x + 22 + dx, 62 - dy, size, c[5], { opacity: 0.35 });
  return [
    ...stars(r, 30, c[5]), circle(x > 160 ? 66 : 256, 48, 18, c[5]),
    swell(r, 122, 24, 3, c[2]), smoke(0, 0, 4), smoke(5, 9, 5.5), smoke(13, 19, 7),
    path("M" + (x - 30) + " 132V98L" + x + " 74l30 24v34z", c[4]), rect(x + 18, 70, 8, 24, c[4]),
    rect(x - 18, 102, 13, 13, c[5]), rect(x + 5, 102, 13, 30, c[1]),
    path("M" + (x - 38) + " 102L" + x + " 70l38 32-4 4L" + x + " 79l-34 27z", c[3]),
    swell(r, 142, 18, 2, c[3]), swell(r, 166, 14, 3, c[4]),
  ];
}

export function scales(r, c) {
  const all = [];
  const size = 24 + Math.floor(r() * 3) * 6;
  const tones = [c[2], c[3], c[1], c[4]];
  let line = 0;
  for (let y = 30 + size; y < H + size * 2; y += size / 2) {
    for (let x = line % 2 ? 0 : -size; x < W + size; x += size * 2) {
      const tone = tones[Math.floor(r() * tones.length)];
      for (let i = 0; i < 4; i++) {
        all.push(circle(x, y, size * (1 - i * 0.25), i % 2 ? c[5] : tone, { opacity: i % 2 ? 0.5 : 1 }));
      }
    }
    line++;
  }
  return [circle(60 + r() * 200, 40, 24, c[5]), ...all];
}

export function rays(r, c) {
  const x = 80 + r() * 160;
  const all = [];
  const n = 14 + Math.floor(r() * 8);
  for (let i = 0; i < n; i++) {
    const a = ((i + r() * 0.1) / n) * Math.PI * 2;
    const b = a + Math.PI / n;
    all.push(path("M" + x + " 120L" + (x + 420 * Math.cos(a)) + " " + (120 + 420 * Math.sin(a)) +
      "L" + (x + 420 * Math.cos(b)) + " " + (120 + 420 * Math.sin(b)) + "z", c[2], { opacity: 0.55 }));
  }
  [64, 50, 36, 22].forEach((size, i) => all.push(circle(x, 120, size, [c[3], c[5], c[1], c[5]][i])));
  return all.concat(swell(r, 138, 14, 4, c[3]), swell(r, 158, 12, 3, c[4]));
}

export function blocks(r, c) {
  const all = [];
  const size = 45;
  const tones = [c[1], c[2], c[3], c[5], c[4]];
  const pick = () => tones[Math.floor(r() * tones.length)];
  for (let x = 0; x < W; x += size) {
    for (let y = 0; y < H; y += size) {
      all.push(rect(x, y, size + 0.5, size + 0.5, r() < 0.55 ? c[4] : c[3]));
      const turn = { transform: "rotate(" + 90 * Math.floor(r() * 4) + " " + (x + size / 2) + " " + (y + size / 2) + ")" };
      const shape = r();
      if (shape < 0.4) {
        all.push(path("M" + x + " " + y + "h" + size + "a" + size + " " + size + " 0 0 1 -" + size + " " + size + "z", pick(), turn));
      } else if (shape < 0.62) {
        all.push(circle(x + size / 2, y + size / 2, size * 0.36, pick()), circle(x + size / 2, y + size / 2, size * 0.15, c[4]));
      } else if (shape < 0.82) {
        all.push(path("M" + x + " " + y + "a" + size / 2 + " " + size / 2 + " 0 0 0 " + size + " 0z", pick(), turn));
      }
    }
  }
  return all;
}
