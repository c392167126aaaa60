# The commands of a working day. Each first makes sure of a Dagger engine.

.PHONY: iso build smoke boot test unit lint e2e engine bench clean help
.DEFAULT_GOAL := help

# The engine's environment goes before each command, so that it is read once it runs.
DAGGER = eval "$$(go run ./engine env)" && dagger call --progress=plain

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(MAKEFILE_LIST)

iso: build smoke ## build the ISO into dist/ and boot it in QEMU

build: engine ## build the ISO into dist/, without booting it
	$(DAGGER) build export --path dist

smoke: engine ## boot dist/bee.iso in QEMU, under BIOS and UEFI, and check it
	$(DAGGER) gate --iso dist/bee.iso --verdict=false export --path dist/smoke
	@go run ./iso/smoke verdict dist/smoke/*

boot: engine ## boot dist/bee.iso and keep it running: ssh -p 2222 root@localhost
	$(DAGGER) boot --iso dist/bee.iso up

test: lint unit e2e ## everything that CI runs

unit: ## unit tests
	go test ./audit/... ./ci/versions/... ./ci/access/... ./ci/beerelease/... ./engine/... ./iso/...

lint: engine ## gofmt, vet, staticcheck, shellcheck
	$(DAGGER) lint

engine: ## make sure of a Dagger engine
	@go run ./engine ensure

clean: ## remove what was built
	rm -rf dist
