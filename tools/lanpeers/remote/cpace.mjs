// CPace (draft-irtf-cfrg-cpace) with ristretto255 and SHA-512, as the initiator, on
// libraries that have nothing in common with the TV's.
import { ristretto255, ristretto255_hasher } from '@noble/curves/ed25519.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { randomBytes, timingSafeEqual } from 'node:crypto'

const { Point } = ristretto255
const DSI = Buffer.from('CPaceRistretto255')

// leb128 is the length in front of a string.
function leb128(n) {
  const out = []
  do {
    out.push((n & 0x7f) | (n > 0x7f ? 0x80 : 0))
    n >>= 7
  } while (n > 0)
  return Buffer.from(out)
}

const prependLen = (s) => Buffer.concat([leb128(s.length), s])

export const lvCat = (...parts) => Buffer.concat(parts.map(prependLen))

function generator(secret, channel, session) {
  const pad = Math.max(0, 128 - 1 - prependLen(secret).length - prependLen(DSI).length)
  return ristretto255_hasher.deriveToCurve(sha512(lvCat(DSI, secret, Buffer.alloc(pad), channel, session)))
}

const littleEndian = (b) => BigInt('0x' + Buffer.from(b).reverse().toString('hex'))

// initiate begins an exchange; scalar is for tests alone.
export function initiate({ secret, channel, session, initiator, responder }, scalar) {
  const raw = scalar ?? randomBytes(32)
  if (!scalar) raw[31] &= 0x0f
  const y = littleEndian(raw)
  const share = Buffer.from(generator(secret, channel, session).multiply(y).toBytes())
  return {
    share,
    // finish takes the responder's share; it throws where that is no point.
    finish(theirs) {
      const point = Point.fromBytes(theirs).multiply(y)
      if (point.equals(Point.ZERO) || share.equals(theirs)) throw new Error('unusable share')
      const a = lvCat(share, initiator)
      const b = lvCat(theirs, responder)
      const isk = sha512(Buffer.concat([lvCat(Buffer.concat([DSI, Buffer.from('_ISK')]), session, Buffer.from(point.toBytes())), a, b]))
      const mac = sha512(Buffer.concat([Buffer.from('CPaceMac'), session, isk]))
      return {
        isk: Buffer.from(isk),
        tag: Buffer.from(hmac(sha512, mac, a)),
        verify: (tag) => tag.length === 64 && timingSafeEqual(tag, Buffer.from(hmac(sha512, mac, b))),
      }
    },
  }
}
