// Line icons on a 24×24 grid, and Hearthkey's own drawings.

import { made, svg } from "./dom.js";

const LINES = {
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3M12 14.5v2",
  offline: "M3 3l18 18M8.5 15.5a5 5 0 0 1 7 0M5 12a10 10 0 0 1 4-2.4M2 8.5a15 15 0 0 1 4.5-2.8M19 12a10 10 0 0 0-5.5-3M22 8.5A15 15 0 0 0 11 4.6M12 19.5v.01",
  network: "M8.5 15.5a5 5 0 0 1 7 0M5 12a10 10 0 0 1 14 0M2 8.5a15 15 0 0 1 20 0M12 19.5v.01",
  warning: "M12 3.5L22 20.5H2zM12 10v5M12 17.8v.01",
  info: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 11v6M12 7.5v.01",
  clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3.5 2",
  out: "M14 4H5v16h9M10 12h11M17.5 8.5L21 12l-3.5 3.5",
  gone: "M3 5h18v12H3zM8 21h8M9 8.5l6 5M15 8.5l-6 5",
  shield: "M12 3l8 3v6c0 5-3.5 8-8 9.5C7.5 20 4 17 4 12V6zM12 9v4M12 16v.01",
  update: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 16V8M8.5 11.5L12 8l3.5 3.5",
  menu: "M4 7h16M4 12h16M4 17h10",
  check: "M4.5 12.5l5 5L20 7",
  settings: "M3 7h9.500M17.5 7H21M3 17h3.500M11.5 17H21M15 4.500a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM9 14.500a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z",
  home: "M4 11l8-7 8 7v9h-5.500v-6h-5v6H4z",
  people: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.500 20a6.5 6.5 0 0 1 13 0M15.500 4.300a3.5 3.5 0 0 1 0 6.400M18 14.300a6.5 6.5 0 0 1 3.500 5.700",
  gear: "M12 9.200a2.8 2.8 0 1 0 0 5.600 2.8 2.8 0 0 0 0-5.600zM12 5.500a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM12 2.500v3M12 18.500v3M2.500 12h3M18.500 12h3M5.300 5.300l2.100 2.100M16.600 16.600l2.100 2.100M5.300 18.700l2.100-2.100M16.600 7.400l2.100-2.100",
  broken: "M3 5h18v12H3zM8 21h8M12 5l-1.5 4 3 2.5L12 17",
  up: "M12 19V5M6 11l6-6 6 6",
  erase: "M9 5h12v14H9l-6-7zM12.5 9.5l5 5M17.5 9.5l-5 5",
  plus: "M12 5v14M5 12h14",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.500 15.500L21 21",
  list: "M4 6h10M4 12h10M4 18h6M17.500 12v8M13.500 16h8",
  edit: "M4 20l1-5L16 4l4 4L9 19zM13.500 6.500l4 4",
  remote: "M9.5 2.5h5a2 2 0 0 1 2 2v15a2 2 0 0 1-2 2h-5a2 2 0 0 1-2-2v-15a2 2 0 0 1 2-2zM12 6a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM10 14v.01M14 14v.01M10 17.500v.01M14 17.500v.01",
  phone: "M7 2.500h10v19H7zM11 18.500h2",
  keyboard: "M2.500 6h19v12h-19zM6 10v.01M9 10v.01M12 10v.01M15 10v.01M18 10v.01M8 14h8",
  globe: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM3 12h18M12 3c3 2.500 4 5.500 4 9s-1 6.500-4 9c-3-2.500-4-5.500-4-9s1-6.500 4-9z",
  again: "M20 4v5h-5M20 9a8.500 8.500 0 1 0 .5 3",
  back: "M20 12H5M11 5.500L4.500 12l6.500 6.500",
  more: "M9 5l7 7-7 7",
  close: "M6 6l12 12M18 6L6 18",
  tv: "M3 5h18v12H3zM8 21h8",
  eye: "M2 12c2.500-4.500 6-7 10-7s7.500 2.500 10 7c-2.500 4.500-6 7-10 7s-7.500-2.500-10-7zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
  book: "M5 4h11a3 3 0 0 1 3 3v13H8a3 3 0 0 1-3-3zM5 17a3 3 0 0 1 3-3h11",
  mail: "M3 5.500h18v13H3zM3 6.500l9 7 9-7",
  help: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM9.300 9.500a2.800 2.800 0 1 1 4 2.500c-1 .5-1.300 1-1.300 2M12 17v.01",
  play: "M7 4l13 8-13 8z",
  skip: "M5 5l9 7-9 7zM18 5v14",
  ok: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
};

// icon describes a line icon.
export function icon(name, more) {
  return made("icon " + name + (more || ""), () =>
    svg("svg", { class: "icon i-" + name + (more || ""), viewBox: "0 0 24 24", "aria-hidden": true }, svg("path", { d: LINES[name] })));
}

// solid describes the filled play and pause signs.
export function solid(name) {
  const d = name === "pause" ? "M6 4h4.5v16H6zM13.5 4H18v16h-4.5z" : "M6 3.5v17L21 12z";
  return made("solid " + name, () =>
    svg("svg", { class: "icon solid", viewBox: "0 0 24 24", "aria-hidden": true }, svg("path", { d })));
}

// hearth describes the glowing arches behind quiet screens.
export function hearth() {
  return made("hearth", () => {
    const tones = ["#1d1410", "#2a1a12", "#3d2214", "#5a2d16", "#843d19", "#b9531d", "#ea7426", "#ffb04a"];
    const all = tones.map((fill, i) => {
      const half = 440 - i * 54;
      const top = 40 + i * 86;
      return svg("path", { class: "arch arch-" + i, fill,
        d: "M" + (500 - half) + " 1000V" + (top + half) + "a" + half + " " + half + " 0 0 1 " + 2 * half + " 0V1000z" });
    });
    all.push(svg("path", { fill: "#1d1410", d: "M500 700a34 34 0 0 1 17 63.4L531 850h-62l14-86.6A34 34 0 0 1 500 700z" }));
    return svg("svg", { class: "hearth", viewBox: "0 0 1000 1000", preserveAspectRatio: "xMidYMax meet", "aria-hidden": true }, ...all);
  });
}

// qr describes a QR code, with what a screen reader calls it, of rows of '0' and '1', on white with the quiet zone
// of four modules that ISO/IEC 18004 asks for.
export function qr(rows, name) {
  return made("qr " + rows.join(""), () => {
    let d = "";
    rows.forEach((row, y) => {
      for (let x = 0; x < row.length; x++) {
        if (row[x] === "1") {
          d += "M" + (x + 4) + " " + (y + 4) + "h1v1h-1z";
        }
      }
    });
    const size = rows.length + 8;
    return svg("svg", { class: "qr", viewBox: "0 0 " + size + " " + size, role: "img", "aria-label": name || "QR", "shape-rendering": "crispEdges" },
      svg("rect", { width: size, height: size, fill: "#fff" }), svg("path", { d, fill: "#000" }));
  });
}
