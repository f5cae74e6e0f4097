SUMMARY = "Hearthkey agent: profiles, PINs and a sign-out that is proved"
HOMEPAGE = "https://github.com/hearthkey/hearthkey"
LICENSE = "Apache-2.0"
LIC_FILES_CHKSUM = "file://${COREBASE}/meta/files/common-licenses/Apache-2.0;md5=89aea4e17d99a7cacdbeed46a0096b10"

SRC_URI = "git://github.com/hearthkey/hearthkey;protocol=https;branch=main;tag=v${PV}"
S = "${WORKDIR}/git"

# Go 1.26 or newer. The project's own tool builds it small (packaging/README.md). It takes the
# modules from the source's folder vendor where there is one; else they are fetched in do_compile.
DEPENDS = "go-native"
do_compile[network] = "1"
COMPATIBLE_HOST = "(arm|aarch64|x86_64).*-linux"

HEARTHKEY_ARCH:arm = "armv7"
HEARTHKEY_ARCH:aarch64 = "arm64"
HEARTHKEY_ARCH:x86-64 = "amd64"

inherit systemd useradd

USERADD_PACKAGES = "${PN}"
USERADD_PARAM:${PN} = "--system --user-group --no-create-home --shell /sbin/nologin hearthkey"
SYSTEMD_SERVICE:${PN} = "hearthkey-agent.service"
SYSTEMD_AUTO_ENABLE = "disable"

do_compile() {
    cd ${S}
    export GOMODCACHE="${WORKDIR}/modules" GOCACHE="${WORKDIR}/cache" GOFLAGS="-modcacherw"
    go run ./tools/box build -arch ${HEARTHKEY_ARCH} -version ${PV} -out ${B}/hearthkey-agent
}

do_install() {
    install -D -m 0755 ${B}/hearthkey-agent ${D}${bindir}/hearthkey-agent
    install -D -m 0640 ${S}/packaging/deb/agent.conf ${D}${sysconfdir}/hearthkey/agent
    install -D -m 0644 ${S}/packaging/systemd/hearthkey-agent.service ${D}${systemd_system_unitdir}/hearthkey-agent.service
}

CONFFILES:${PN} = "${sysconfdir}/hearthkey/agent"
# It is linked without a C library, and stripped.
INSANE_SKIP:${PN} = "already-stripped ldflags"
