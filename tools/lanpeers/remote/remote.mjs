// A remote control on the command line. It reads one request as JSON on a line of
// standard input, and answers with one line of JSON:
//
//	{"address": "192.168.77.2:8713", "code": "482913", "name": "Node"}  pairs; answers {"key", "pin", "welcome"}
//	{"address": …, "qr": "hearthkey-pair:1/…"}                          likewise, by the QR code
//	{"address": …, "key": …, "pin": …, "keys": ["OK"], "text": "x", "screen": "home"}
//	                                                                    controls; answers {"welcome", "ignored", "state"}
//	{"vectors": {…}}                                                    answers {"isk"} for the draft's test vectors
//
// What went wrong is {"error"}, with the error frame's members where the TV said it.
import { createInterface } from 'node:readline'
import { TV, Refused, newKey } from './tv.mjs'
import { initiate } from './cpace.mjs'

const unhex = (s) => Buffer.from(s, 'hex')

function vectors(v) {
  const e = initiate({ secret: unhex(v.PRS), channel: unhex(v.CI), session: unhex(v.sid), initiator: unhex(v.ADa), responder: unhex(v.ADb) }, unhex(v.ya))
  return { share: e.share.toString('hex'), isk: e.finish(unhex(v.Yb)).isk.toString('hex') }
}

async function pair(r) {
  let [address, pin, by, secret] = [r.address, '', 'code', r.code]
  if (r.qr) {
    const [, , key, qr, addresses] = r.qr.slice('hearthkey-pair:'.length).split('/')
    ;[address, pin, by, secret] = [addresses.split(',')[0], Buffer.from(key, 'base64url').toString('hex'), 'qr', Buffer.from(qr, 'base64url')]
  }
  const key = newKey()
  const tv = await TV.connect(address, key, pin)
  const unpaired = await tv.hello()
  if (unpaired.t !== 'unpaired') throw new Error(`${unpaired.t} to a key that was just made`)
  const welcome = await tv.pair(unpaired, by, secret, r.name)
  tv.close()
  return { key, pin: tv.key.toString('hex'), welcome }
}

async function control(r) {
  const tv = await TV.connect(r.address, r.key, r.pin)
  const welcome = await tv.hello()
  if (welcome.t !== 'welcome') {
    tv.close()
    return { welcome }
  }
  const ignored = await tv.press(r.keys ?? [])
  if (r.text) ignored.push(...(await tv.type(r.text)))
  const state = r.screen ? await tv.shows(r.screen) : tv.state
  tv.close()
  return { welcome, ignored, state }
}

// late ends a program that waits for what does not come.
const late = (what) => setTimeout(() => {
  process.stderr.write(`nothing came within 20 s: ${what}\n`)
  process.exit(1)
}, 20_000)

for await (const line of createInterface({ input: process.stdin })) {
  const r = JSON.parse(line)
  const timer = late(Object.keys(r))
  let answer
  try {
    answer = r.vectors ? vectors(r.vectors) : r.key ? await control(r) : await pair(r)
  } catch (err) {
    answer = err instanceof Refused ? { ...err.frame, error: err.message } : { error: err.message }
  }
  clearTimeout(timer)
  process.stdout.write(JSON.stringify(answer) + '\n')
}
process.exit(0) // whatever connection an error left open
