// A self-signed certificate for a P-256 key, put together by hand (RFC 5280): all that
// counts of it is the key.
import { createHash, createSign } from 'node:crypto'

function der(tag, ...parts) {
  const body = Buffer.concat(parts)
  const n = body.length
  const length = n < 128 ? [n] : n < 256 ? [0x81, n] : [0x82, n >> 8, n & 255]
  return Buffer.concat([Buffer.from([tag, ...length]), body])
}

const sequence = (...parts) => der(0x30, ...parts)
const ecdsaWithSHA256 = sequence(der(0x06, Buffer.from('2a8648ce3d040302', 'hex')))
const commonName = (text) =>
  sequence(der(0x31, sequence(der(0x06, Buffer.from('550403', 'hex')), der(0x0c, Buffer.from(text)))))

const spki = (publicKey) => publicKey.export({ type: 'spki', format: 'der' })

// keyHash is who a key's owner is to the other side.
export const keyHash = (publicKey) => createHash('sha256').update(spki(publicKey)).digest()

export function selfSigned(publicKey, privateKey) {
  const tbs = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))), // version 3
    der(0x02, Buffer.from([1])), // serial number
    ecdsaWithSHA256,
    commonName('remote'),
    sequence(der(0x18, Buffer.from('20200101000000Z')), der(0x18, Buffer.from('99991231235959Z'))),
    commonName('remote'),
    spki(publicKey),
  )
  const signature = createSign('sha256').update(tbs).sign(privateKey)
  const whole = sequence(tbs, ecdsaWithSHA256, der(0x03, Buffer.from([0]), signature))
  return `-----BEGIN CERTIFICATE-----\n${whole.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`
}
