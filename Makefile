# The commands of a working day. Those that need a Dagger engine make sure of one first.

.PHONY: iso build smoke boot test unit fuzz bench lint e2e gate engine ensure clean help
.DEFAULT_GOAL := help

# The engine's environment goes before each command, so that it is read once it runs.
RUN_GATE = eval "$$(go run ./engine env)" && go run ./ci/cmd/gate

ISO = dist/bee.iso

help: ## this list
	@sed -n 's/^\([a-z0-9]*\):.*## /\1	/p' $(MAKEFILE_LIST)

iso: ensure ## build the ISO into dist/ and boot it in QEMU; ARGS="--nvidia=false --authorized-keys FILE"
	@$(RUN_GATE) iso $(ARGS)

build: ensure ## build the ISO into dist/, without booting it; ARGS as for iso
	@$(RUN_GATE) build $(ARGS)

smoke: $(ISO) ensure ## boot dist/bee.iso, or ISO=FILE, in QEMU, under BIOS and UEFI, and check it; ARGS="--machine server"
	@export GATE_MACHINE="$${GATE_MACHINE-bios,uefi}" && $(RUN_GATE) smoke --iso $(ISO) --report dist/smoke $(ARGS)

boot: $(ISO) ensure ## boot dist/bee.iso, or ISO=FILE, and keep it running; ARGS="--machine uefi"
	@$(RUN_GATE) boot --iso $(ISO) $(ARGS)

$(ISO):
	@echo "there is no $@; make build makes dist/bee.iso" >&2; exit 1

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

lint: ensure ## gofmt, vet, staticcheck, govulncheck, shellcheck
	@$(RUN_GATE) lint

e2e: ensure ## every pipeline for real: builds, boots, broken ISOs, bad input; RUN=TestBadInput for one
	eval "$$(go run ./engine env)" && go test -v -count=1 -timeout 75m $(if $(RUN),-run "$(RUN)") ./ci/e2e

gate: ensure ## one step of a pipeline: make gate GATE="smoke --iso dist/bee.iso --report dist/smoke"
	$(RUN_GATE) $(GATE)

engine: ensure ## make sure of a Dagger engine, and tell how dagger gets into a shell
	@echo 'dagger in this shell: eval "$$(go run ./engine env)"'

ensure:
	@go run ./engine ensure

clean: ## remove what was built
	rm -rf dist
