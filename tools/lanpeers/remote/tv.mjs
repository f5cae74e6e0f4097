// A connection to a TV: subprotocol tvremote.v1.
import { once } from 'node:events'
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto'
import WebSocket from 'ws'
import { selfSigned, keyHash } from './certificate.mjs'
import { initiate } from './cpace.mjs'

const b64 = (b) => Buffer.from(b).toString('base64url')
const unb64 = (s) => Buffer.from(s, 'base64url')

// Refused is an error frame.
export class Refused extends Error {
  constructor(frame) {
    super(frame.code)
    this.frame = frame
  }
}

export const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' })

// channel is CPace's CI: who the two are, and what is proved.
function channel(by, remote, tv) {
  const parts = ['hearthkey tvremote.v1 pairing', by, remote, tv].map((p) => Buffer.from(p))
  return Buffer.concat(parts.flatMap((p) => [Buffer.from([p.length]), p]))
}

export class TV {
  // connect dials with a key (PEM); pin is the TV's key hash in hex, or empty to pair.
  static async connect(address, pem, pin) {
    const tv = new TV()
    const privateKey = createPrivateKey(pem)
    const publicKey = createPublicKey(privateKey)
    tv.me = keyHash(publicKey)
    tv.frames = []
    tv.ws = new WebSocket(`wss://${address}/v1/remote`, 'tvremote.v1', {
      key: pem, cert: selfSigned(publicKey, privateKey), minVersion: 'TLSv1.3',
      rejectUnauthorized: false, // the key is checked below, before anything is said
      perMessageDeflate: false, maxPayload: 4096, servername: '',
    })
    tv.ws.on('message', (data, binary) => {
      tv.frames.push(binary ? { t: 'binary' } : JSON.parse(data))
      tv.ws.emit('frame')
    })
    tv.ws.on('close', (code, reason) => {
      tv.closed = `closed: ${code} ${reason}`
      tv.ws.emit('frame')
    })
    await once(tv.ws, 'open')
    tv.key = keyHash(new X509Certificate(tv.ws._socket.getPeerCertificate(true).raw).publicKey)
    if (pin && tv.key.toString('hex') !== pin) {
      tv.ws.terminate()
      throw new Error('this is another TV')
    }
    return tv
  }

  send(frame) {
    this.ws.send(JSON.stringify(frame))
  }

  // next returns the next frame; error frames are thrown.
  async next() {
    while (this.frames.length === 0) {
      if (this.closed) throw new Error(this.closed)
      await once(this.ws, 'frame')
    }
    const f = this.frames.shift()
    if (f.t === 'error') throw new Refused(f)
    if (f.t === 'state') this.state = f
    return f
  }

  // expect skips states.
  async expect(type) {
    for (;;) {
      const f = await this.next()
      if (f.t === type) return f
      if (f.t !== 'state') throw new Error(`${f.t} where ${type} should be`)
    }
  }

  async hello() {
    this.send({ t: 'hello', v: 1 })
    return this.next()
  }

  // pair pairs by what the screen shows, and returns the welcome.
  async pair(unpaired, by, secret, name) {
    const nonce = randomBytes(16)
    const exchange = initiate({
      secret: Buffer.from(secret), channel: channel(by, this.me, this.key), session: Buffer.concat([unb64(unpaired.nonce), nonce]),
      initiator: Buffer.from(name), responder: Buffer.from(unpaired.tv),
    })
    this.send({ t: 'pair', by, name, nonce: b64(nonce), share: b64(exchange.share) })
    const keys = exchange.finish(unb64((await this.expect('pair_share')).share))
    this.send({ t: 'pair_confirm', tag: b64(keys.tag) })
    if (!keys.verify(unb64((await this.expect('paired')).tag))) throw new Error('the TV does not know the code')
    return this.expect('welcome')
  }

  // press sends keys without waiting, and then takes their acknowledgements in order.
  async press(keys, action = 'press') {
    const from = (this.seq ?? 0) + 1
    for (const key of keys) this.send({ t: 'key', seq: (this.seq = (this.seq ?? 0) + 1), key, action })
    return this.acks(from)
  }

  async type(text) {
    this.send({ t: 'text', seq: (this.seq = (this.seq ?? 0) + 1), text })
    return this.acks(this.seq)
  }

  async acks(from) {
    const ignored = []
    for (let seq = from; seq <= this.seq; seq++) {
      const ack = await this.expect('ack')
      if (ack.seq !== seq) throw new Error(`ack of ${ack.seq}, want ${seq}`)
      ignored.push(ack.ignored ?? '')
    }
    return ignored
  }

  // shows waits until the TV shows a screen.
  async shows(screen) {
    while (this.state?.screen !== screen) await this.next()
    return this.state
  }

  close() {
    this.ws.close()
  }
}
