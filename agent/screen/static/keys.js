// The keys of the remotes and keyboards that boxes have, by the names that
// the agent knows.

const BY_NAME = {
  ArrowUp: "Up", ArrowDown: "Down", ArrowLeft: "Left", ArrowRight: "Right",
  Up: "Up", Down: "Down", Left: "Left", Right: "Right",
  Enter: "OK", Select: "OK", Accept: "OK", " ": "OK",
  Backspace: "Back", Escape: "Back", GoBack: "Back", BrowserBack: "Back", XF86Back: "Back", Cancel: "Back",
  Home: "Home", GoHome: "Home", BrowserHome: "Home", XF86HomePage: "Home", LaunchApplication1: "Home",
  ContextMenu: "Menu", Menu: "Menu", Settings: "Menu", XF86Menu: "Menu", Info: "Menu",
  MediaPlayPause: "PlayPause", MediaPlay: "PlayPause", MediaPause: "PlayPause", Pause: "PlayPause", MediaStop: "Back",
  MediaFastForward: "Right", MediaRewind: "Left",
};

// Codes of remotes whose keys have no name, or one of their own: HbbTV's VK_*, Samsung's Tizen,
// LG's webOS and Android TV.
const BY_CODE = {
  37: "Left", 38: "Up", 39: "Right", 40: "Down", 13: "OK",
  8: "Back", 27: "Back", 461: "Back", 10009: "Back", 166: "Back", 4: "Back",
  36: "Home", 172: "Home", 10071: "Home", 3: "Home",
  93: "Menu", 82: "Menu", 18: "Menu", 457: "Menu", 10133: "Menu", 10135: "Menu",
  415: "PlayPause", 19: "PlayPause", 402: "PlayPause", 10252: "PlayPause", 179: "PlayPause", 413: "Back",
  417: "Right", 412: "Left",
};

// keyName returns the agent's name of the key of an event, or null for a key
// that is not ours, such as a shortcut of the browser.
export function keyName(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) {
    return null;
  }
  if (/^[0-9]$/.test(event.key)) {
    return event.key;
  }
  const name = BY_NAME[event.key];
  if (name) {
    return name;
  }
  const code = event.keyCode;
  if (event.key && event.key !== "Unidentified" && code < 256 && event.key.indexOf("XF86") !== 0) {
    return null; // of a keyboard: the codes of remotes begin above its own, or X11 names them
  }
  if (code >= 48 && code <= 57) {
    return String(code - 48);
  }
  if (code >= 96 && code <= 105) {
    return String(code - 96);
  }
  return BY_CODE[code] || null;
}

// typedText returns the character of an event where a field is typed into, or
// null. Digits stay keys: remote controls have them too.
export function typedText(event) {
  const shortcut = event.ctrlKey || event.altKey || event.metaKey;
  const third = event.getModifierState && event.getModifierState("AltGraph");
  if (shortcut && !third || event.isComposing || !event.key || Array.from(event.key).length !== 1) {
    return null;
  }
  return /^[0-9]$/.test(event.key) ? null : event.key;
}
