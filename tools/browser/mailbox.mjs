// What a person finds in the mailbox and on the phone: messages of the
// development outbox, the newest first.

import { until } from "./browser.mjs";

// message waits for a message of a kind to an address or number that is newer
// than since (of the server's clock), and returns its text.
export function message(world, kind, to, since) {
  return until(`${kind} to ${to}`, async () => {
    const { messages } = await (await world.page.request.get(world.server + "/dev/outbox.json")).json();
    const found = messages.find((m) => m.to === to && m.kind === kind && Date.parse(m.created) >= since);
    return [found, found ? found.text : messages.slice(0, 9).map((m) => `${m.kind} to ${m.to} at ${m.created}`)];
  });
}

// code waits for an access code.
export async function code(world, to, since) {
  return /\b\d{6}\b/.exec(await message(world, "access-code", to, since))[0];
}

// link waits for the button of a message that leads to a page.
export async function link(world, kind, to, since, path) {
  const text = await message(world, kind, to, since);
  const found = new RegExp(`http\\S*${path}\\?\\S+`).exec(text);
  if (!found) throw new Error(`no link to ${path} in: ${text}`);
  return found[0];
}
