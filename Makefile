# What one does with this repository; `make` alone lists it.
# Arguments travel in ARGS: make demo ARGS="--listen 127.0.0.1:9000"

# Go's own installation folder comes last, for shells that do not name it.
export PATH := $(PATH):/usr/local/go/bin

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
FUZZTIME ?= 10s

.DEFAULT_GOAL := help
.PHONY: help demo build check test proof mutants soak bench fuzz postgres clean

help: ## lists these targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

demo: build ## builds the product and runs it on an embedded database
	bin/vestibule demo $(ARGS)

build: ## builds bin/vestibule
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/vestibule ./cmd/vestibule

check: ## formatting, vet, staticcheck, tests on SQLite: under a minute
	@scripts/check.sh

test: ## everything, on both databases; installs what is missing
	@scripts/install.sh
	@scripts/postgres.sh run -- scripts/test.sh

proof: ## what each requirement and issue item is proven by (ARGS=-v: every test)
	@scripts/install.sh
	@scripts/proof.sh $(ARGS)

mutants: ## breaks the code on purpose and shows which test notices (ARGS=name…)
	@scripts/install.sh
	@scripts/postgres.sh run -- go run ./scripts/mutants $(ARGS)

soak: ## the long form of races, models and timing statistics
	@scripts/install.sh
	@scripts/postgres.sh run -- scripts/soak.sh

bench: ## how fast, each figure beside its limit
	@scripts/install.sh
	@scripts/postgres.sh run --durable -- go run ./bench $(ARGS)

fuzz: ## runs every fuzz target for FUZZTIME (10s)
	@FUZZTIME=$(FUZZTIME) scripts/fuzz.sh

postgres: ## starts a throw-away PostgreSQL for tests and prints its address
	@scripts/install.sh
	@scripts/postgres.sh start

clean: ## removes what was built and stops the throw-away PostgreSQL
	@scripts/postgres.sh stop
	rm -rf bin .test-results
