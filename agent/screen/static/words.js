// The words that stand beside what a view tells. They come with every view, in
// its language.

let words = {};

// learn takes over the words of a view.
export function learn(view) {
  words = view.words || words;
}

// say returns a word, with what is filled in for {names}.
export function say(name, values) {
  return (words[name] || "").replace(/\{(\w+)\}/g, (all, key) => (values && key in values ? values[key] : all));
}

// mirrored reports whether the screen runs from right to left.
export function mirrored() {
  return document.documentElement.dir === "rtl";
}

// along returns a translation of rem along the line, the way that is read.
export function along(rem) {
  return "translate3d(" + (mirrored() ? rem : -rem) + "rem,0,0)";
}

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufefc]/;

// rightToLeft reports whether a text has Arabic or Hebrew letters.
export function rightToLeft(text) {
  return RIGHT_TO_LEFT.test(text || "");
}
