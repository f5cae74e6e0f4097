# python3-zeroconf as a peer: "browse", or "advertise NAME PORT TXT…" until SIGTERM.
# It prints a JSON object a line, as all peers of the tests do.
import json
import signal
import sys
import threading

from zeroconf import IPVersion, ServiceBrowser, ServiceInfo, ServiceListener, Zeroconf

TYPE = "_hearthkey-tv._tcp.local."


def say(**what):
    print(json.dumps(what), flush=True)


class Listener(ServiceListener):
    def add_service(self, zc, kind, name):
        info = zc.get_service_info(kind, name, timeout=3000)
        if info is not None:
            say(
                up=name[: -len(TYPE) - 1],
                addrs=info.parsed_addresses(),
                port=info.port,
                txt=[k.decode() + "=" + (v or b"").decode() for k, v in info.properties.items()],
            )

    def update_service(self, zc, kind, name):
        self.add_service(zc, kind, name)

    def remove_service(self, zc, kind, name):
        say(down=name[: -len(TYPE) - 1])


ended = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: ended.set())
zc = Zeroconf(ip_version=IPVersion.V4Only)
if sys.argv[1] == "browse":
    ServiceBrowser(zc, TYPE, Listener())
else:
    name, port, address = sys.argv[2], int(sys.argv[3]), sys.argv[4]
    txt = dict(s.split("=", 1) for s in sys.argv[5:])
    info = ServiceInfo(
        TYPE, name + "." + TYPE, port=port, properties=txt,
        server="python-" + str(port) + ".local.", parsed_addresses=[address],
    )
    zc.register_service(info, allow_name_change=True)
    say(name=info.name[: -len(TYPE) - 1])
ended.wait()
zc.unregister_all_services()
zc.close()
