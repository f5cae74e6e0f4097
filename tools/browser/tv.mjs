// A TV's page and the remote control in front of it.

import { until } from "./browser.mjs";

const SEQUENCE = ["Up", "Up", "Down", "Down", "Left", "Right", "Left", "Right", "Up", "Up", "Up", "Up"];

export class TV {
  constructor(page, url) {
    this.page = page;
    this.url = url;
  }

  open() { return this.page.goto(this.url); }

  // screen waits for a screen.
  async screen(name) {
    await this.page.waitForSelector(`section.screen.${name}`);
  }

  look(what) { return this.page.look(what, { tv: true }); }

  // focus returns the name of what has the focus.
  focus() { return this.page.evaluate(() => document.activeElement.getAttribute("aria-label") || ""); }

  async press(...keys) {
    for (const k of keys) {
      await this.page.keyboard.press(/^(Up|Down|Left|Right)$/.test(k) ? "Arrow" + k : k);
    }
  }

  // code presses a key that has a number and, on some remotes, a name.
  code(keyCode, key = "") {
    return this.page.evaluate(([keyCode, key]) =>
      document.dispatchEvent(new KeyboardEvent("keydown", { key, keyCode, bubbles: true })), [keyCode, key]);
  }

  // choose moves the focus with a key to an item, and presses Enter. The focus
  // moves when the agent has handled the key.
  async choose(step, name) {
    await this.focusOn(step, name);
    await this.press("Enter");
  }

  async focusOn(step, name) {
    const is = (focus) => (typeof name === "string" ? focus === name || focus.startsWith(name + ",") : name.test(focus));
    for (let i = 0; i < 30; i++) {
      const before = await this.focus();
      if (is(before)) return;
      await this.press(step);
      await until(`the focus to move from ${before} towards ${name}`, async () => {
        const now = await this.focus();
        return [now !== before && now !== "", now];
      });
    }
    throw new Error(`the focus never came to ${name}`);
  }

  sequence() { return this.press(...SEQUENCE); }

  // field waits until what is typed into says so: its characters are counted.
  field(says) { return this.page.getByRole("img", { name: says }).first().waitFor(); }

  // userCode returns the code that is shown.
  async userCode() {
    const letters = this.page.locator(".letters[aria-label]");
    await letters.waitFor();
    return (await letters.getAttribute("aria-label")).replace(/^Code | /g, "").replace("–", "-");
  }

  async text() { return (await this.page.locator("main").innerText()).replace(/\s+/g, " "); }

  async says(text) {
    await until(`the TV to say ${text}`, async () => {
      const now = await this.text();
      return [text.test(now), now];
    });
  }
}
