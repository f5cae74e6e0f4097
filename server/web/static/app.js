// Live touches for pages that work without them: local times, countdowns,
// digit-only fields, menus that close, and the board by server-sent events.

const html = window.trustedTypes
  ? trustedTypes.createPolicy("hearthkey", { createHTML: (s) => s })
  : { createHTML: (s) => s };

// said says an English sentence in the page's language: pages in others carry what
// scripts say. {words} are filled in.
function said(english, fill = {}) {
  const text = document.getElementById("words")?.content.querySelector(`[data-en="${CSS.escape(english)}"]`)?.textContent ?? english;
  return text.replace(/\{(\w+)\}/g, (_, word) => fill[word] ?? "");
}

// The reader's own habits where they are of the page's language; digits are Latin.
const lang = document.documentElement.lang || "en";
const locale = (navigator.languages.find((l) => l.split("-")[0] === lang) ?? lang) + (lang === "ar" ? "-u-nu-latn" : "");

/* Times: the server writes UTC, the reader sees their own zone. */

const sameDay = (a, b) => a.toDateString() === b.toDateString();
const short = new Intl.DateTimeFormat(locale, { timeStyle: "short" });
const exact = new Intl.DateTimeFormat(locale, { timeStyle: "medium" });
const weekday = new Intl.DateTimeFormat(locale, { weekday: "long" });
const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric" });
const full = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "long" });
const ago = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });

// relative says how far t lies from now in the largest unit that fits.
function relative(t, now) {
  const s = Math.round((t - now) / 1000);
  if (Math.abs(s) < 45) return said("just now");
  for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(s) >= size || unit === "minute") return ago.format(Math.round(s / size), unit);
  }
}

// dated puts the day before a time that is not today's: the weekday where it
// is near enough to be clear.
function dated(t, now, time) {
  if (sameDay(t, now)) return time.format(t);
  return said("{day}, {time}", { day: Math.abs(t - now) < 6 * 864e5 ? weekday.format(t) : day.format(t), time: time.format(t) });
}

const styles = {
  day: (t) => day.format(t),
  clock: (t, now) => dated(t, now, exact),
  moment: (t, now) => dated(t, now, short),
  ago: (t, now) => (now - t < 7 * 864e5 ? relative(Math.min(t, now), now) : day.format(t)),
};

function localise(root = document) {
  const now = new Date();
  for (const el of root.querySelectorAll("time[data-as]")) {
    const t = new Date(el.dateTime);
    const style = styles[el.dataset.as];
    if (!style || Number.isNaN(+t)) continue;
    const text = style(t, now);
    if (el.textContent !== text) el.textContent = text;
    el.title = full.format(t);
  }
}

// countdown says how much of data-left seconds is left, counted from when the page
// came: the server's clock may be another.
const came = performance.now();
function countdown() {
  for (const el of document.querySelectorAll("[data-left]")) {
    const left = Math.max(0, Math.ceil(el.dataset.left - (performance.now() - came) / 1000));
    el.textContent = left > 0 ? said("({time} left)", { time: `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}` }) : said("It ran out: the TV shows a new one.");
  }
}

/* Forms */

function forms() {
  document.addEventListener("input", (e) => {
    if (e.target.matches("[data-digits]")) {
      const digits = e.target.value.replace(/\D/g, "").slice(0, e.target.maxLength);
      if (digits !== e.target.value) e.target.value = digits;
    }
  });
  document.addEventListener("submit", (e) => {
    const button = e.submitter;
    if (!button || e.defaultPrevented || button.dataset.again !== undefined) return;
    if (button.getAttribute("aria-busy")) return e.preventDefault(); // a second press of the same button
    button.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => {
    for (const b of document.querySelectorAll("[aria-busy]")) b.removeAttribute("aria-busy");
  });
  document.querySelector("[data-problems]")?.focus();
}

// reveal lets what is typed into a password field be seen (NIST SP 800-63B-4
// §3.1.1.2). It is hidden again before it is sent, so that no browser keeps it
// as text.
function reveal() {
  for (const b of document.querySelectorAll("[data-reveal]")) {
    const input = b.previousElementSibling;
    const show = (on) => {
      input.type = on ? "text" : "password";
      b.firstElementChild.textContent = on ? said("Hide") : said("Show");
    };
    input.autocapitalize = "none";
    input.spellcheck = false;
    b.hidden = false;
    b.addEventListener("click", () => {
      show(input.type === "password");
      input.focus();
    });
    b.form?.addEventListener("submit", () => show(false));
    addEventListener("pagehide", () => show(false));
  }
}

// resend lets a button be pressed data-resend seconds after the page came, and
// counts them down in it.
function resend() {
  for (const b of document.querySelectorAll("[data-resend]")) {
    const left = Math.ceil(b.dataset.resend - (performance.now() - came) / 1000);
    b.disabled = left > 0;
    b.querySelector("[data-count]").textContent = left > 0 ? ` ${said("(in {left} s)", { left })}` : "";
  }
}

function menus() {
  document.addEventListener("click", (e) => {
    for (const m of document.querySelectorAll("details.menu[open]")) if (!m.contains(e.target)) m.open = false;
  });
  document.addEventListener("keydown", (e) => {
    const open = e.key === "Escape" && document.querySelector("details.menu[open]");
    if (open) {
      open.open = false;
      open.querySelector("summary").focus();
    }
  });
  // A menu that the focus has left would hide what has it now.
  document.addEventListener("focusin", (e) => {
    for (const m of document.querySelectorAll("details.menu[open]")) if (!m.contains(e.target)) m.open = false;
  });
  document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
}

// zones lets an end date be typed in the browser's time zone: what comes without
// one is in UTC.
function zones() {
  for (const input of document.querySelectorAll("[data-ends]")) {
    const zone = input.form?.elements.zone;
    const name = input.form?.querySelector("[data-zone-name]");
    if (!zone) continue;
    const utc = zone.value === "" && input.value ? new Date(`${input.value}Z`) : null;
    if (utc && !Number.isNaN(+utc)) {
      input.value = new Date(utc - utc.getTimezoneOffset() * 6e4).toISOString().slice(0, 16);
    }
    const tell = () => {
      const t = new Date(input.value);
      zone.value = String(-(Number.isNaN(+t) ? new Date() : t).getTimezoneOffset());
    };
    if (name) name.textContent = ` ${said("in your time zone")}`;
    input.addEventListener("input", tell);
    input.form.addEventListener("submit", (e) => {
      if (!input.validity.badInput || e.submitter?.value === "refuse" || e.submitter?.value === "none") return;
      e.preventDefault(); // half a date would be sent as none
      input.reportValidity();
    });
    tell();
  }
}

// keep helps to copy or print what is shown only once.
function keep() {
  for (const b of document.querySelectorAll("[data-copy]")) {
    const from = document.getElementById(b.dataset.copy);
    if (!from || !navigator.clipboard) continue;
    b.hidden = false;
    b.addEventListener("click", async () => {
      const text = Array.from(from.children, (el) => el.textContent).join("\n");
      const done = await navigator.clipboard.writeText(text).then(() => said("Copied"), () => said("Not copied: select them by hand"));
      b.lastChild.textContent = done;
    });
  }
  for (const b of document.querySelectorAll("[data-print]")) {
    b.hidden = false;
    b.addEventListener("click", () => print());
  }
}

// find hides what does not have all the words that are typed, in a long list.
function find() {
  const box = document.querySelector("[data-find]");
  const board = document.getElementById("board");
  if (!box || !board) return;
  const input = box.querySelector("input");
  const out = box.querySelector("[role=status]");
  const plain = (s) => s.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const apply = () => {
    const wanted = plain(input.value).split(/\s+/).filter(Boolean);
    const cards = [...board.querySelectorAll(".device")];
    for (const card of cards) {
      const text = plain([...card.querySelectorAll(".device-name, .device-main")].map((e) => e.textContent).join(" "));
      card.hidden = !wanted.every((w) => text.includes(w));
    }
    for (const list of board.querySelectorAll(".devices")) {
      list.hidden = ![...list.children].some((c) => !c.hidden);
      list.previousElementSibling.hidden = list.hidden;
    }
    const left = cards.filter((c) => !c.hidden).length;
    out.textContent = wanted.length === 0 ? "" : left > 0 ? `${left} / ${cards.length}` : out.dataset.noneText;
  };
  box.hidden = false;
  input.addEventListener("input", apply);
  board.addEventListener("replaced", apply);
  apply();
}

// place remembers where in a live part the focus is, and returns what brings it back
// there after the part was replaced: to the same thing, or where that is gone to what
// is now in its place on the card, to the card, or to the part.
function place(box) {
  const at = document.activeElement;
  if (!at || !box.contains(at)) return () => {};
  const stops = (card) => [...(card?.querySelectorAll("a[href], button, summary") ?? [])].filter((e) => !e.closest("details:not([open]) > :not(summary)"));
  const card = at.closest(".device");
  const nth = stops(card).indexOf(at);
  return () => {
    const renewed = document.getElementById(card?.id);
    const now = stops(renewed);
    const next = document.getElementById(at.id) ?? now[Math.min(nth, now.length - 1)] ?? renewed ?? box;
    if (next.tabIndex < 0) next.tabIndex = -1; // no stop of Tab, but a place to go on from
    next.focus({ preventScroll: true });
  };
}

/* Live parts: an element with data-live="address" is replaced by what the
   server sends; what changed is said once to screen readers. */

function live(box) {
  const lamp = document.querySelector(".live");
  const lampText = lamp?.querySelector("[data-lamp]");
  const say = document.querySelector("[data-live-say]");
  let source;
  let heard = box.querySelector("[data-say]")?.textContent ?? "";

  const show = (on) => {
    lamp?.classList.add("on");
    lamp?.classList.toggle("lost", !on);
    const dead = source.readyState === EventSource.CLOSED; // refused for good: the page still works by reloading
    if (lampText) lampText.textContent = on ? said("Live") : dead ? said("Not live: reload to see changes") : said("Connecting…");
  };
  const replace = (text) => {
    const back = place(box);
    const open = Array.from(box.querySelectorAll("details[open][id]"), (d) => d.id);
    box.innerHTML = html.createHTML(text);
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    localise(box);
    box.dispatchEvent(new Event("replaced"));
    back();
    const now = box.querySelector("[data-say]")?.textContent ?? "";
    if (say && now !== heard) say.textContent = now;
    heard = now;
  };
  const open = (address) => {
    source = new EventSource(address);
    source.addEventListener("open", () => show(true));
    source.addEventListener("error", () => show(false));
    source.addEventListener("board", (e) => replace(e.data));
    source.addEventListener("gone", () => {
      source.close();
      location.reload(); // the session or its proof ended: the server says where to go
    });
  };
  addEventListener("pagehide", () => source?.close());
  addEventListener("pageshow", (e) => e.persisted && open(box.dataset.live.split("?")[0]));
  open(box.dataset.live);
}

localise();
countdown();
forms();
menus();
reveal();
keep();
zones();
find();
for (const box of document.querySelectorAll("[data-live]")) live(box);
setInterval(localise, 15000);
resend();
if (document.querySelector("[data-resend]")) setInterval(resend, 1000);
if (document.querySelector("[data-left]")) setInterval(countdown, 1000);
