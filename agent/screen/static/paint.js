// Pictures as one bitmap each: shapes with the attributes that SVG gives them are
// painted on a canvas. As elements of the document they were a hundred for each
// picture, which every frame had to style and draw anew.

export const W = 320;
export const H = 180;

const LARGEST = 1280; // px that a picture is wide at most; larger ones are stretched, behind words or a film's controls

// shape describes a circle, a rect or a path, or with "clip" the shapes in a circle.
const shape = (kind) => (a, fill, more) => Object.assign({ kind, fill }, a, more);

export const circle = (cx, cy, r, fill, more) => shape("circle")({ cx, cy, r }, fill, more);
export const rect = (x, y, width, height, fill, more) => shape("rect")({ x, y, width, height }, fill, more);
export const path = (d, fill, more) => shape("path")({ d }, fill, more);
export const within = (cx, cy, r, kids) => ({ kind: "clip", cx, cy, r, kids });

// picture paints shapes on a sky of two colours, for a box that is rem wide.
export function picture(shapes, from, to, rem) {
  const unit = parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
  const width = Math.min(LARGEST, Math.ceil(rem * unit * (window.devicePixelRatio || 1)));
  const canvas = document.createElement("canvas");
  canvas.className = "art";
  canvas.width = width;
  canvas.height = Math.ceil((width * H) / W);
  canvas.setAttribute("aria-hidden", "true");
  const c = canvas.getContext("2d", { alpha: false });
  c.scale(width / W, width / W);
  const sky = c.createLinearGradient(0, 0, 0, H);
  sky.addColorStop(0, from);
  sky.addColorStop(1, to);
  c.fillStyle = sky;
  c.fillRect(0, 0, W, H + 1);
  shapes.forEach((s) => draw(c, s));
  return canvas;
}

function draw(c, s) {
  c.save();
  if (s.kind === "clip") {
    c.clip(outline(Object.assign({}, s, { kind: "circle" })));
    s.kids.forEach((kid) => draw(c, kid));
  } else {
    turn(c, s.transform);
    c.globalAlpha = s.opacity === undefined ? 1 : s.opacity;
    const line = outline(s);
    if (s.fill !== "none") {
      c.fillStyle = s.fill;
      c.fill(line);
    }
    if (s.stroke) {
      c.strokeStyle = s.stroke;
      c.lineWidth = s["stroke-width"] || 1;
      c.lineCap = s["stroke-linecap"] || "butt";
      c.stroke(line);
    }
  }
  c.restore();
}

// outline is the line around a shape.
function outline(s) {
  if (s.kind === "path") {
    return new Path2D(s.d);
  }
  const line = new Path2D();
  if (s.kind === "circle") {
    line.arc(s.cx, s.cy, Math.max(0, s.r), 0, 2 * Math.PI);
  } else if (s.rx) {
    round(line, s, Math.min(s.rx, s.width / 2, s.height / 2));
  } else {
    line.rect(s.x, s.y, s.width, s.height);
  }
  return line;
}

function round(line, s, r) {
  const right = s.x + s.width;
  const foot = s.y + s.height;
  line.moveTo(s.x + r, s.y);
  line.arcTo(right, s.y, right, foot, r);
  line.arcTo(right, foot, s.x, foot, r);
  line.arcTo(s.x, foot, s.x, s.y, r);
  line.arcTo(s.x, s.y, right, s.y, r);
  line.closePath();
}

// turn carries out "rotate(degrees x y)".
function turn(c, transform) {
  const at = /^rotate\((\S+) (\S+) (\S+)\)$/.exec(transform || "");
  if (at) {
    c.translate(+at[2], +at[3]);
    c.rotate((+at[1] * Math.PI) / 180);
    c.translate(-at[2], -at[3]);
  }
}
