// bonjour-service as a peer: "browse", or "advertise NAME PORT ADDRESS TXT…" until
// SIGTERM. It prints a JSON object a line, as all peers of the tests do.
import { Bonjour } from 'bonjour-service'

const say = (what) => console.log(JSON.stringify(what))
const [mode, name, port, , ...txt] = process.argv.slice(2)
const bonjour = new Bonjour({}, (err) => { throw err })

if (mode === 'browse') {
	const browser = bonjour.find({ type: 'hearthkey-tv', protocol: 'tcp' })
	browser.on('up', (s) => say({
		up: s.name, addrs: s.addresses, port: s.port, txt: Object.entries(s.txt ?? {}).map(([k, v]) => `${k}=${v}`),
	}))
	browser.on('down', (s) => say({ down: s.name }))
} else {
	const service = bonjour.publish({
		name, type: 'hearthkey-tv', protocol: 'tcp', port: Number(port), txt: Object.fromEntries(txt.map((s) => s.split(/=(.*)/s))),
	})
	service.on('up', () => say({ name: service.name }))
}
process.on('SIGTERM', () => bonjour.unpublishAll(() => bonjour.destroy(() => process.exit(0))))
