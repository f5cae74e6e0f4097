// Passkeys (Web Authentication Level 3) for pages that carry a form with
// data-passkey. The server makes the options and checks the answer; the page's
// own form brings the answer there, so that what follows is a page like any
// other.
//
//   <form method="post" action="…" data-passkey="register|use" data-begin="…" hidden>
//     <input type="hidden" name="ceremony"><input type="hidden" name="response">
//     <p data-passkey-say role="alert" hidden></p> … a button …
//   </form>
//   <p data-passkey-none hidden>This browser cannot use passkeys.</p>
//
// data-begin is asked by POST for {"ceremony": id, "options": {"publicKey": …}},
// or {"error": "a sentence"}.

/* base64url, RFC 4648 §5, without padding: what browsers before toJSON need. */

export function toBytes(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (c) => c.charCodeAt(0));
}

export function toText(bytes) {
  let plain = "";
  for (const b of new Uint8Array(bytes)) plain += String.fromCharCode(b);
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

export const supported = () => !!(window.PublicKeyCredential && navigator.credentials?.create);

const known = (list) => (list ?? []).map((c) => ({ ...c, id: toBytes(c.id) }));

function creation(o) {
  if (PublicKeyCredential.parseCreationOptionsFromJSON) return PublicKeyCredential.parseCreationOptionsFromJSON(o);
  return {
    ...o, challenge: toBytes(o.challenge), user: { ...o.user, id: toBytes(o.user.id) },
    excludeCredentials: known(o.excludeCredentials),
  };
}

function request(o) {
  if (PublicKeyCredential.parseRequestOptionsFromJSON) return PublicKeyCredential.parseRequestOptionsFromJSON(o);
  return { ...o, challenge: toBytes(o.challenge), allowCredentials: known(o.allowCredentials) };
}

function json(c) {
  if (c.toJSON) return c.toJSON();
  const response = { clientDataJSON: toText(c.response.clientDataJSON) };
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (c.response[part]) response[part] = toText(c.response[part]);
  }
  if (c.response.getTransports) response.transports = c.response.getTransports();
  return {
    id: c.id, rawId: toText(c.rawId), type: c.type, response,
    authenticatorAttachment: c.authenticatorAttachment ?? undefined, clientExtensionResults: c.getClientExtensionResults(),
  };
}

// said says an English sentence in the page's language: pages in others carry what
// scripts say. {words} are filled in.
function said(english, fill = {}) {
  const text = document.getElementById("words")?.content.querySelector(`[data-en="${CSS.escape(english)}"]`)?.textContent ?? english;
  return text.replace(/\{(\w+)\}/g, (_, word) => fill[word] ?? "");
}

// PasskeyError is worded for a person.
export class PasskeyError extends Error {}

const words = {
  NotAllowedError: said("Nothing happened: it was cancelled, took too long, or there is no passkey for this account on this device. Try again."),
  InvalidStateError: said("This device or password manager holds a passkey of your account already."),
  NotSupportedError: said("This device cannot hold such a passkey. Try your phone or a security key."),
  ConstraintError: said("This device cannot check that it is you. Set up a screen lock, or use another device."),
  SecurityError: /^[\d.]+$|:/.test(location.hostname)
    ? said("Passkeys need a name in the address in place of numbers. On the server’s own machine, open this page as localhost.")
    : said("Passkeys work only at this site’s own address. Look at the address bar."),
  AbortError: said("It was cancelled. Try again."),
};

async function worded(ask) {
  if (!supported()) throw new PasskeyError(said("This browser cannot use passkeys."));
  try {
    const credential = await ask();
    if (!credential) throw new PasskeyError(said("No passkey was given. Try again."));
    return JSON.stringify(json(credential));
  } catch (e) {
    if (e instanceof PasskeyError) throw e;
    throw new PasskeyError(words[e.name] ?? said("The passkey did not work. Try again, or use another way."));
  }
}

// registerPasskey makes a passkey by the server's options and returns the
// answer as JSON text.
export const registerPasskey = (options) =>
  worded(() => navigator.credentials.create({ publicKey: creation(options.publicKey) }));

// signInWithPasskey uses a passkey by the server's options and returns the
// answer as JSON text.
export const signInWithPasskey = (options) =>
  worded(() => navigator.credentials.get({ publicKey: request(options.publicKey) }));

/* Forms */

const busyWords = said("We could not reach the server. Check the connection and try again.");

// begin asks the server for a ceremony. A server that would rather show a page
// (to sign in, to prove) is obeyed by loading this one again.
async function begin(form) {
  let answer;
  try {
    const link = form.elements.namedItem("link"); // a secret: never in an address
    const body = link ? new URLSearchParams({ link: link.value }) : undefined;
    answer = await fetch(form.dataset.begin, { method: "POST", redirect: "manual", headers: { Accept: "application/json" }, body });
  } catch {
    throw new PasskeyError(busyWords);
  }
  if (answer.type === "opaqueredirect") {
    location.reload();
    return null;
  }
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new PasskeyError(body.error ?? busyWords);
  return body;
}

// offer waits for a passkey in the browser's autofill, as long as the page is
// there; the server's terms are renewed before they run out. The button goes on
// working: it takes over.
const renewEvery = 4 * 60 * 1000;
let waiting;

async function offer(form) {
  if (form.dataset.busy || !(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  const ceremony = await begin(form).catch(() => null);
  if (!ceremony || form.dataset.busy) return;
  waiting = new AbortController();
  const again = setTimeout(() => waiting.abort("renew"), renewEvery);
  try {
    const publicKey = request(ceremony.options.publicKey);
    const credential = await navigator.credentials.get({ publicKey, mediation: "conditional", signal: waiting.signal });
    if (!credential || form.dataset.busy) return;
    form.dataset.busy = "yes";
    form.elements.response.value = JSON.stringify(json(credential));
    form.elements.ceremony.value = ceremony.ceremony;
    form.submit();
  } catch {
    if (waiting.signal.reason === "renew" && document.visibilityState === "visible") offer(form);
  } finally {
    clearTimeout(again);
  }
}

function attach(form) {
  const say = form.querySelector("[data-passkey-say]");
  const run = form.dataset.passkey === "register" ? registerPasskey : signInWithPasskey;
  form.hidden = false;
  form.addEventListener("submit", async (e) => {
    e.preventDefault();
    if (form.dataset.busy) return;
    form.dataset.busy = "yes";
    waiting?.abort("button");
    say.hidden = true;
    try {
      const ceremony = await begin(form);
      if (!ceremony) return;
      form.elements.response.value = await run(ceremony.options);
      form.elements.ceremony.value = ceremony.ceremony;
      form.submit();
    } catch (error) {
      say.textContent = error instanceof PasskeyError ? error.message : said("The passkey did not work. Try again, or use another way.");
      say.hidden = false;
      delete form.dataset.busy;
      form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
    }
  });
  addEventListener("pageshow", () => delete form.dataset.busy);
  if (form.dataset.autofill !== undefined) offer(form);
}

for (const form of document.querySelectorAll("form[data-passkey]")) if (supported()) attach(form);
if (!supported()) for (const p of document.querySelectorAll("[data-passkey-none]")) p.hidden = false;
