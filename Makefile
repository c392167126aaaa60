# The commands of a working day. Those that need a Dagger engine make sure of one first.

.PHONY: iso build smoke boot test unit fuzz bench lint e2e gate engine clean help
.DEFAULT_GOAL := help

# The engine's environment goes before each command, so that it is read once it runs.
DAGGER = eval "$$(go run ./engine env)" && dagger call --progress=plain

help: ## this list
	@sed -n 's/^\([a-z0-9]*\):.*## /\1	/p' $(MAKEFILE_LIST)

iso: build smoke ## build the ISO into dist/ and boot it in QEMU

build: engine ## build the ISO into dist/, without booting it
	@mkdir -p dist
	$(DAGGER) build export --path dist

smoke: engine ## boot dist/bee.iso in QEMU, under BIOS and UEFI, and check it
	@rm -rf dist/smoke
	@set -e; for machine in bios uefi; do \
		$(DAGGER) smoke-report --iso dist/bee.iso --machine $$machine export --path dist/smoke/$$machine; \
	done
	@go run ./iso/smoke verdict dist/smoke/bios dist/smoke/uefi

boot: engine ## boot dist/bee.iso and keep it running: ssh -p 2222 root@localhost
	$(DAGGER) boot --iso dist/bee.iso up

test: lint unit e2e ## lint, unit and end-to-end tests: what .ci/run runs

MODULES = ./audit/... ./engine/... ./iso/... ./iso/alpine/... ./nvidia/...
CI = ./core/... ./bench/... ./ci/access/... ./ci/release/... ./ci/workflows/... ./ci/matrix/... ./ci/cmd/gate/...

unit: ## unit tests
	ci/unit.sh $(MODULES)
	@# They read files above their module, whose changes go test's cache does not see.
	GOFLAGS="$$(go env GOFLAGS) -count=1" ci/unit.sh $(CI)

TIME = 10s
fuzz: ## every fuzz test for a while each: make fuzz TIME=60s
	ci/fuzz.sh $(TIME) $(MODULES) $(CI)

bench: ## how long build, boot and audit take, how large the ISO is: make bench ARGS="--only iso,audit"
	@go run ./bench $(ARGS)

lint: engine ## gofmt, vet, staticcheck, govulncheck, shellcheck
	$(DAGGER) lint

e2e: engine ## every pipeline for real: builds, boots, broken ISOs, bad input; RUN=TestBadInput for one
	eval "$$(go run ./engine env)" && go test -v -count=1 -timeout 75m $(if $(RUN),-run "$(RUN)") ./ci/e2e

gate: engine ## one step of a pipeline: make gate GATE="smoke --iso dist/bee.iso --report dist/smoke"
	eval "$$(go run ./engine env)" && go run ./ci/cmd/gate $(GATE)

engine: ## make sure of a Dagger engine
	@go run ./engine ensure

clean: ## remove what was built
	rm -rf dist
