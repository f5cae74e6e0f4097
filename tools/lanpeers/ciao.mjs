// @homebridge/ciao as a peer, which only advertises: "advertise NAME PORT ADDRESS
// TXT…" until SIGTERM. It prints a JSON object a line, as all peers of the tests do.
import ciao from '@homebridge/ciao'

const say = (what) => console.log(JSON.stringify(what))
const [, name, port, address, ...txt] = process.argv.slice(2)
const responder = ciao.getResponder({ interface: address })
const service = responder.createService({
	name, type: 'hearthkey-tv', port: Number(port), txt: Object.fromEntries(txt.map((s) => s.split(/=(.*)/s))),
})
service.on('name-change', (to) => say({ name: to }))
await service.advertise()
say({ name: service.getFQDN().split('._hearthkey-tv')[0] })
process.on('SIGTERM', () => responder.shutdown().then(() => process.exit(0)))
