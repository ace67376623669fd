# Two doors: `make demo` runs the whole system on this machine, `make test` passes its tests. The rest are the parts of those two.
# `make test` runs its parts beside each other (tests/run): each is a target here and can be run by itself.
SHELL := /bin/bash
.DELETE_ON_ERROR:

SUFFIX ?= local
PORT ?= 4566
COUNT ?= 1200
# Webhooks a second of `make load`.
RATE ?= 500
OUT ?= build/graph.json
GRAPH ?=
FROM ?=
STACK ?=
# `make engine`: 1 for the CLI on the PATH and the plugins that Pulumi publishes.
PUBLISHED ?=
# The date that draws the sample of `make test-policy`; today where it is blank.
DAY ?=
RESULTS := build/results
SEEDS ?= 2000
FIRST_SEED ?= 0
CASES ?= 100000
SECONDS ?= 60
TARGETS ?=
ITEMS ?= 5000000
BENCH_ITEMS ?= 1000000
BENCH_SECONDS ?= 60
# Tests that mostly wait run in so many processes.
PROCESSES ?= 3
BASE ?= HEAD
FUNCTIONS := webhook_processor analytics_processor archival_function
ZIPS := build/lambdas/host
# What the tests run: compiled once, together with the Rust tests and instrumented like them. LLVM writes a profile when such a program ends.
TESTED := target/tested/debug
TESTED_ZIPS := build/lambdas/tested
PROGRAMS = PAYHOOK=$(abspath $(TESTED)/payhook) PAYHOOK_GATE=$(abspath $(TESTED)/policy_gate) PAYHOOK_ZIPS=$(abspath $(TESTED_ZIPS))
# `make test` has compiled them before it starts the parts.
COMPILED := $(if $(BUILT),,tested)
GATE := $(if $(BUILT),$(TESTED)/policy_gate,target/debug/policy_gate)
export LLVM_PROFILE_FILE ?= /dev/null
SBOM_DIR ?= build/lambdas/arm64
VENV := .venv
PYTHON := $(VENV)/bin/python
RUFF = $(VENV)/bin/ruff --config infra/pyproject.toml
PYTEST = $(PYTHON) -m pytest -q -c infra/pyproject.toml --rootdir .
LOCAL := $(PYTHON) -m infra.local_cloud
# Nothing is installed that has no hash in a requirements file, nor is anything fetched for a build:
# what a package without a wheel needs is installed first. `make python-locks` writes the files.
HASHED := -m pip install -q --no-compile --require-hashes --no-build-isolation

.PHONY: help demo up down status engine plugins test check check-gate check-tests tools tested lint lint-format lint-python lint-rust lint-workflows test-rust coverage test-python test-oracles test-e2e test-policy test-policy-full second-opinion policy evidence simulate fuzz properties bite load bench bench-core instructions bench-archive graph changes snapshots fmt build lambdas test-lambdas test-reproducible flake-check deny advisories sbom python-locks clean

help: ## What can be made.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 26

demo: build $(VENV)/.runtime ## Run the whole system here: deploy, send webhooks, count what arrived.
	$(PYTHON) -m tests.demo --count $(COUNT)

up: build $(VENV)/.runtime ## Start the local cloud and leave it running; prints endpoint, key and a curl line.
	$(LOCAL) up --port $(PORT) --suffix $(SUFFIX) --zips $(ZIPS)

down: $(VENV)/.runtime ## Stop the local cloud and remove its state.
	$(LOCAL) down

status: $(VENV)/.runtime ## Say whether the local cloud runs.
	$(LOCAL) status

engine: build $(VENV)/.runtime ## Let Pulumi's engine preview, deploy, refresh and destroy the stack in a local cloud, under the policy pack; PUBLISHED=1 with published plugins.
	PAYHOOK_GATE=$(abspath target/debug/policy_gate) $(PYTHON) -m tests.engine --zips $(ZIPS) $(if $(PUBLISHED),--published)

plugins: ## Have the Pulumi CLI install the plugins that belong to it: the providers', and the one that runs the policy pack.
	tests/tools/pulumi.sh plugins

graph: $(VENV)/.runtime ## Write the stack's resource graph as JSON: make graph OUT=file; STACK=name takes its settings.
	@mkdir -p $(dir $(OUT))
	$(PYTHON) -m infra.graph --out $(OUT) $(if $(STACK),--stack $(STACK))

changes: $(VENV)/.runtime ## Say what changes between two graphs that `make graph` wrote: make changes FROM=file GRAPH=file.
	@$(PYTHON) -m infra.graph_changes $(FROM) $(GRAPH)

test: $(VENV)/.dev ## Everything: formats, lints, types, unit, contract, coverage, end to end; ends with a table of its parts.
	$(PYTHON) -m tests.run test

check: $(VENV)/.dev ## What most changes need, in a minute: formats, lints, types, tests of what changed since BASE (HEAD), the gate on the snapshot.
	$(PYTHON) -m tests.run check

lint: lint-rust lint-python ## Formats, lints and types.

lint-format: $(VENV)/.dev
	cargo fmt --all --check
	cargo fmt --manifest-path tests/fuzz/Cargo.toml --check
	$(RUFF) format --check bench infra tests
	$(RUFF) check bench infra tests

lint-rust:
	cargo clippy --workspace --all-targets --all-features --locked -- -D warnings

lint-python: lint-format
	$(VENV)/bin/pyright --pythonpath $(PYTHON) -p infra/pyproject.toml

# The unit and contract tests of the crates and folders with changes since BASE.
check-tests: $(VENV)/.dev
	$(PYTHON) -m tests.run.changed --base $(BASE)

check-gate: $(VENV)/.runtime $(GATE)
	$(GATE) infra/snapshots/stack_dev.json --pack policies

# What the other parts of `make test` need beside our own code: linters, engines and scanners, fetched once.
tools: $(VENV)/.dev
	tests/tools/dynamodb_local.sh
	tests/tools/opa.sh >/dev/null && tests/tools/opa.sh regal >/dev/null && tests/tools/actionlint.sh >/dev/null && tests/tools/stripe_mock.sh >/dev/null

tested: $(VENV)/.dev
	tests/tools/rust_tested.sh
	@python3 tests/tools/zip_functions.py --fast $(TESTED) $(TESTED_ZIPS) $(FUNCTIONS)

lint-workflows: $(VENV)/.dev
	$$(tests/tools/actionlint.sh) -shellcheck $(VENV)/bin/shellcheck
	$(VENV)/bin/zizmor --offline --persona=pedantic --quiet .github
	python3 tests/tools/flake_lock.py
	if [ -x .tools/cargo/bin/cargo-deny ]; then $(MAKE) --no-print-directory deny; fi

# The storage adapter runs against the emulator and against DynamoDB Local; both are started for it and stopped after it.
test-rust: $(COMPILED) $(VENV)/.dev
	PYTHON=$(PYTHON) tests/tools/rust_tests.sh

# The command line's profiles of the end-to-end tests are counted with those of the Rust tests.
coverage: $(VENV)/.dev ## Count the lines that the last test-rust and test-e2e reached; 1 below 90 %.
	PYTHON=$(PYTHON) tests/tools/rust_coverage.sh

test-python: $(COMPILED) $(VENV)/.dev
	$(PROGRAMS) $(PYTEST) -n $(PROCESSES) --dist worksteal infra/tests infra/local_cloud/tests tests/demo tests/load tests/engine tests/repository \
		tests/run tests/velocity tests/flake tests/workflows tests/payments tests/lambdas/test_layout.py tests/lambdas/test_cross_build.py tests/lambdas/test_sbom.py \
		--junitxml=$(RESULTS)/python.xml --cov=infra --cov-config=infra/pyproject.toml --cov-report=term:skip-covered --cov-fail-under=90

# Open Policy Agent itself and the gate judge changes that break a rule of the real stack: one change
# of each class, and a sample of the others that the date draws.
test-policy: $(GATE) $(VENV)/.dev ## Prove the policy pack by changes that break the stack; DAY=2026-11-27 draws that day's sample again.
	@tests/tools/opa.sh >/dev/null && tests/tools/opa.sh regal >/dev/null
	POLICY_DAY=$(DAY) PAYHOOK_GATE=$(abspath $(GATE)) $(PYTEST) -n 2 --dist loadfile tests/policy --junitxml=$(RESULTS)/policy.xml

# The same tests with every change and, for each dropped leaf, every rule of the stack.
test-policy-full: export POLICY_FULL := 1
test-policy-full: test-policy ## Prove the policy pack by every change that breaks the stack, as the nightly run does.

second-opinion: $(VENV)/.dev $(VENV)/.scanners ## Let checkov judge the stack, too.
	CHECKOV=$(abspath $(VENV)/scanners/bin/checkov) $(PYTEST) tests/second_opinion --junitxml=$(RESULTS)/second_opinion.xml

# The gate alone, where `make build` has not built everything.
target/debug/policy_gate: Cargo.lock Cargo.toml functions/policy_gate/Cargo.toml $(wildcard functions/policy_gate/src/*.rs)
	cargo build -q --locked -p policy_gate
	@touch $@

policy: $(VENV)/.runtime $(GATE) ## Judge the stack, with the settings of STACK=name, or GRAPH=file, by the policy pack; 1 when a mandatory rule is broken.
	@mkdir -p $(dir $(OUT))
	@[ -n "$(GRAPH)" ] || $(PYTHON) -m infra.graph --out $(OUT) $(if $(STACK),--stack $(STACK))
	$(GATE) $(if $(GRAPH),$(GRAPH),$(OUT)) --pack policies

evidence: $(VENV)/.runtime $(GATE) ## Write the PCI DSS evidence into build/evidence: requirement, control, resource, rule, test, last result.
	$(PYTHON) -m infra.evidence --gate $(GATE) --out build/evidence

test-oracles: $(COMPILED) $(VENV)/.dev $(VENV)/.oracles
	$(PROGRAMS) .venv/oracles/bin/python -m pytest -q tests/oracles

test-e2e: export LLVM_PROFILE_FILE := $(abspath target/tested/e2e)/%4m.profraw
test-e2e: $(COMPILED) $(VENV)/.dev
	@rm -rf target/tested/e2e
	$(PROGRAMS) $(PYTEST) -n $(PROCESSES) --dist loadfile tests/e2e --junitxml=$(RESULTS)/e2e.xml

simulate: ## Live SEEDS lives (2,000 unless told) under faults; see one again: make simulate FIRST_SEED=17 SEEDS=1.
	SEEDS=$(SEEDS) FIRST_SEED=$(FIRST_SEED) cargo test -q --locked -p simulation --test simulate -- --nocapture

fuzz: ## Fuzz every parser, the signature headers and the masker for SECONDS each (60 unless told).
	tests/tools/fuzz.sh $(SECONDS) $(TARGETS)

properties: ## Run the property tests with CASES random cases each (100,000 unless told).
	PROPTEST_CASES=$(CASES) cargo test -q --locked -p card_masking -p pipeline -p provider_webhooks -p transaction_archive

bite: ## Put deliberate faults into a copy of the sources, one at a time, and see that the simulation finds each.
	python3 -m tests.simulation.bite --seeds $(SEEDS)

load: build $(VENV)/.runtime ## Send RATE webhooks a second (500 unless told) through a local cloud while its functions run: how many it takes, and what they cost.
	$(PYTHON) -m tests.load --rate $(RATE)

bench: $(VENV)/.baseline ## Measure: the core, batches, cold starts, a sustained load, the archive, the bill; budgets beside them (bench/results.json, bench/results.svg).
	AWS_LC_SYS_NO_JITTER_ENTROPY=1 cargo build --release --locked $(FUNCTIONS:%=-p %) -p bench --bins --example archive_day
	@python3 tests/tools/zip_functions.py target/release build/lambdas/bench $(FUNCTIONS)
	@mkdir -p build/bench
	set -o pipefail; target/release/examples/archive_day $(BENCH_ITEMS) | tee build/bench/archive.txt
	target/release/bench run --functions target/release --zips build/lambdas/bench --seconds $(BENCH_SECONDS) --archive build/bench/archive.txt \
		--python $(PYTHON) --compiler "$$(rustc --version)"
	@python3 bench/readme.py

bench-core: ## Time the pure core, provider by provider and step by step.
	cargo bench -q --locked -p bench

instructions: ## Count the instructions of the core and of the functions in batches with callgrind and compare with those on record; UPDATE=1 records them.
	CARGO_PROFILE_RELEASE_STRIP=none AWS_LC_SYS_NO_JITTER_ENTROPY=1 cargo build -q --release --locked --target-dir target/instructions \
		-p bench -p webhook_processor -p analytics_processor --bins
	python3 bench/instructions.py --bench target/instructions/release/bench --functions target/instructions/release $(if $(UPDATE),--update)

bench-archive: ## Archive a generated day of ITEMS records (5,000,000 unless told): records a second, size, peak memory.
	cargo run -q --release --locked -p bench --example archive_day -- $(ITEMS)

snapshots: $(VENV)/.dev ## Rewrite the reviewed snapshots after a wanted change; read the diff before committing it.
	UPDATE_SNAPSHOTS=1 cargo test -q -p provider_webhooks -p provider_listings
	UPDATE_SNAPSHOTS=1 $(PYTEST) infra/tests tests/e2e/test_rights.py -k 'not works_and_is_refused'

fmt: $(VENV)/.dev ## Format everything.
	cargo fmt --all
	cargo fmt --manifest-path tests/fuzz/Cargo.toml
	$(RUFF) format bench infra tests
	$(RUFF) check --fix bench infra tests

build: ## Build the three functions and the command line for this machine.
	cargo build --workspace --bins --locked
	@python3 tests/tools/zip_functions.py --fast target/debug $(ZIPS) $(FUNCTIONS)

lambdas: $(VENV)/.cross ## Cross-compile the three functions for AWS (arm64) into build/lambdas/arm64.
	PATH=$(abspath $(VENV)/bin):$$PATH tests/tools/cross_build.sh build/lambdas/arm64 $(FUNCTIONS)

test-lambdas: lambdas $(VENV)/.dev ## Check the zips of `make lambdas`: arm64, C library, size, layout; run each function once.
	PAYHOOK_ZIPS=$(abspath build/lambdas/arm64) $(PYTEST) tests/lambdas/test_layout.py tests/lambdas/test_arm64.py

test-reproducible: $(VENV)/.cross $(VENV)/.dev ## Build the zips of `make lambdas` twice from nothing, in two places, and compare the bytes.
	$(PYTEST) tests/lambdas/test_reproducible.py

flake-check: ## Evaluate every output of the flake for every system, without building; NIXPKGS=path, CRANE=path, RUST_OVERLAY=path stand in for inputs.
	@NIXPKGS='$(NIXPKGS)' CRANE='$(CRANE)' RUST_OVERLAY='$(RUST_OVERLAY)' tests/tools/flake_check.sh

deny: ## Check licences, duplicates and sources of every crate.
	$$(tests/tools/cargo_tool.sh deny) --locked check --deny unmatched-skip bans licenses sources

advisories: ## Check every crate against the advisory database, which is fetched.
	$$(tests/tools/cargo_tool.sh deny) --locked check advisories

sbom: ## Write each function's bill of materials (CycloneDX): make sbom SBOM_DIR=folder.
	python3 tests/tools/sbom.py $(SBOM_DIR) $(FUNCTIONS)

python-locks: ## Write the hashes of every Python package again, after a change of a requirements*.in.
	tests/tools/python_locks.sh

$(VENV)/bin/python:
	python3 -m venv $(VENV)

$(VENV)/.runtime: $(VENV)/bin/python infra/requirements-build.txt infra/requirements.txt infra/local_cloud/requirements.txt
	$(PYTHON) $(HASHED) -r infra/requirements-build.txt
	$(PYTHON) $(HASHED) -r infra/requirements.txt -r infra/local_cloud/requirements.txt
	@touch $@

# The usual function's packages, for `make bench` in a fresh clone.
$(VENV)/.baseline: $(VENV)/bin/python bench/baseline/requirements.txt
	$(PYTHON) $(HASHED) -r bench/baseline/requirements.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime infra/requirements-dev.txt
	$(PYTHON) $(HASHED) -r infra/requirements-dev.txt
	@touch $@

# Zig links for arm64 from any machine; both come from the Python package registry.
$(VENV)/.cross: $(VENV)/.runtime infra/requirements-cross.txt
	$(PYTHON) $(HASHED) -r infra/requirements-cross.txt
	@touch $@

# The providers' official SDKs live apart: they pin what the rest does not need.
$(VENV)/.oracles: $(VENV)/bin/python tests/oracles/requirements.txt tests/oracles/package-lock.json
	python3 -m venv $(VENV)/oracles
	cd tests/oracles && npm ci --silent --no-audit --no-fund --ignore-scripts
	$(VENV)/oracles/bin/python $(HASHED) -r infra/requirements-build.txt
	$(VENV)/oracles/bin/python $(HASHED) -r tests/oracles/requirements.txt
	@touch $@

# So does the scanner, which brings a hundred packages.
$(VENV)/.scanners: $(VENV)/bin/python tests/second_opinion/requirements.txt
	python3 -m venv $(VENV)/scanners
	$(VENV)/scanners/bin/python $(HASHED) -r infra/requirements-build.txt
	$(VENV)/scanners/bin/python $(HASHED) -r tests/second_opinion/requirements.txt
	@touch $@

clean: ## Remove what was built, installed and left by the local cloud.
	-[ -x $(PYTHON) ] && $(LOCAL) down
	rm -rf target build .local $(VENV) .tools
