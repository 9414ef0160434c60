# `make run` builds and starts the server from nothing, `make test` runs every test. CI calls the same words.

# RocksDB takes many minutes to compile. One build directory outside the checkout serves every checkout, every profile and CI.
CACHE  ?= $(HOME)/.cache/stator
export CARGO_TARGET_DIR ?= $(CACHE)/target
# Always the whole workspace: with another choice of packages, Cargo chooses other features and compiles RocksDB again.
CARGO  := cargo
STATOR := $(CARGO_TARGET_DIR)/release/stator

.PHONY: run build test check unit vectors blackbox crash overload disk encryption histories simulate consumer differential postgres several failover instructions bench fmt setup-build setup-test

run: build
	$(STATOR) serve $(ARGS)

build: setup-build
	$(CARGO) build --release --workspace --bin stator
	@ln -sfn $(CARGO_TARGET_DIR) target

test: setup-test check unit simulate vectors blackbox crash overload encryption histories consumer differential postgres several failover instructions

# Layout, generated code, dependencies, lints.
check: setup-build
	$(CARGO) fmt --all --check
	$(CARGO) xtask check-layers
	$(CARGO) xtask generate --check
	$(CARGO) xtask tidy
	scripts/check-dependencies
	$(CARGO) clippy --release --workspace --all-targets --quiet -- --deny warnings

unit: setup-build
	$(CARGO) test --release --workspace --quiet

# Signatures of requests that only botocore's source has.
vectors: setup-build
	tests/run vectors

# The release binary seen through boto3, the AWS CLI and the JavaScript SDK.
blackbox: build
	tests/run blackbox

# Acknowledged writes through SIGKILL.
crash: build
	tests/run crash
	tests/run crash --encrypted --rounds 10

# Far more than the server can do, and clients that are slow or hostile.
overload: build
	tests/run overload --short
	tests/run hostile --short
# The disk under the server is full, or its writes fail.
disk: build
	tests/run disk --short

# Nothing that was written can be read from an encrypted data directory; wrong and missing keys are told apart.
encryption: build
	tests/run encryption --short

# What concurrent clients saw, through kills; and of a store that breaks its promises.
histories: build
	$(CARGO) build --release --workspace --example careless
	tests/run histories --short
	tests/run bank --short
	tests/run hot-item --seconds 3
	tests/run expiry --short

# The engine over a simulated store, clock and scheduler: seeds that nobody tried before.
simulate: setup-build
	tests/run simulate --short

# A stream followed to its end while its table is divided and the server killed.
consumer: build
	tests/run consumer --short

# Generated requests, answered by Stator and by freely licensed peers.
differential: build
	tests/run differential --short

# What a single server does, by one over PostgreSQL.
postgres: build
	tests/run postgres --short

# Three servers over one PostgreSQL, killed one after the other.
several: build
	tests/run histories --short --servers 3 --store postgres
	tests/run bank --short --servers 3 --store postgres
	tests/run consumer --short --servers 3 --store postgres

# The database fails and its standby takes over, servers are replaced, the database is away.
failover: build
	tests/run failover --short

# The parts of a request take as many instructions as before.
instructions: setup-test
	tests/run instructions

# Every figure that has a bound; for a machine that does nothing else.
bench: build
	$(CARGO) build --release --workspace --example load --example floor
	tests/run bench $(ARGS)

fmt:
	$(CARGO) fmt --all

setup-build:
	@scripts/setup build

setup-test:
	@scripts/setup test
