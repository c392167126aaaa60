# The commands of a working day.

.PHONY: iso build smoke boot test unit accuracy fuzz bench screenshots lint e2e gate engine clean help
.DEFAULT_GOAL := help

# WITH_ENGINE makes sure of an engine, and of dagger in PATH, for the command behind it.
WITH_ENGINE = lines="$$(go run ./engine env)" && eval "$$lines" &&
RUN_GATE = $(WITH_ENGINE) go run ./ci/cmd/gate

ISO = dist/bee.iso

help: ## this list
	@sed -n 's/^\([a-z0-9]*\):.*## /\1	/p' $(MAKEFILE_LIST)

iso: ## build the ISO into dist/ and boot it in QEMU; ARGS="--nvidia=false --authorized-keys FILE"
	@$(RUN_GATE) iso $(ARGS)

build: ## build the ISO into dist/, without booting it; ARGS as for iso
	@$(RUN_GATE) build $(ARGS)

smoke: $(ISO) ## boot dist/bee.iso, or ISO=FILE, in QEMU, under BIOS and UEFI, and check it; ARGS="--machine server"
	@export GATE_MACHINE="$${GATE_MACHINE-bios,uefi}" && $(RUN_GATE) smoke --iso $(ISO) --report dist/smoke $(ARGS)

boot: $(ISO) ## boot dist/bee.iso, or ISO=FILE, and keep it running; ARGS="--machine uefi"
	@$(RUN_GATE) boot --iso $(ISO) $(ARGS)

$(ISO):
	@echo "there is no $@; make build makes dist/bee.iso" >&2; exit 1

test: lint unit accuracy e2e ## lint, unit tests, accuracy and end-to-end tests: what .ci/run runs

MODULES = ./audit/... ./console/... ./engine/... ./gpuburn/... ./iso/... ./iso/alpine/... ./nvidia/...
CI = ./core/... ./bench/... ./ci/access/... ./ci/attestation/... ./ci/commit/... ./ci/matrix/... ./ci/modulekey/... ./ci/rebuild/... ./ci/release/... ./ci/verify/... \
	./ci/workflows/... ./ci/cmd/gate/... ./ci/cmd/verify/...

unit: ## unit tests
	ci/unit.sh $(MODULES)
	@# They read files above their module, whose changes go test's cache does not see.
	GOFLAGS="$$(go env GOFLAGS) -count=1" ci/unit.sh $(CI)

accuracy: ## how much of what audit reports is right, by labelled machines; BEE_CORPUS adds real tool output
	@go run ./audit/accuracy $(ARGS) audit/cmd/audit/testdata audit/accuracy/testdata/corpus

TIME = 10s
fuzz: ## every fuzz test for a while each: make fuzz TIME=60s
	ci/fuzz.sh $(TIME) $(MODULES) $(CI)

bench: ## how long build, boot and audit take, how large the ISO is: make bench ARGS="--only iso,audit"
	@go run ./bench $(ARGS)

screenshots: ## draw README's pictures of the console anew
	go test -count=1 -run '^(TestScreenshots|TestFirstScreen)$$' ./console -update

lint: ## gofmt, vet, staticcheck, govulncheck, shellcheck
	@$(RUN_GATE) lint

e2e: ## every pipeline for real: builds, boots, broken ISOs, bad input; RUN=TestBadInput for one
	$(WITH_ENGINE) go test -v -count=1 -timeout 75m $(if $(RUN),-run "$(RUN)") ./ci/e2e

gate: ## one step of a pipeline: make gate GATE="smoke --iso dist/bee.iso --report dist/smoke"
	$(if $(filter plan verdict vulnerabilities,$(firstword $(GATE))),go run ./ci/cmd/gate,$(RUN_GATE)) $(GATE)

engine: ## make sure of a Dagger engine, and tell how dagger gets into a shell
	@go run ./engine ensure
	@echo 'dagger in this shell: eval "$$(go run ./engine env)"'

clean: ## remove what was built
	rm -rf dist
