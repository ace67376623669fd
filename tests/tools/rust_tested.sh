#!/usr/bin/env bash
# Compiles every Rust test and the programs that all tests run, instrumented, and lists the tests'
# binaries in build/rust_tests.jsonl.
set -euo pipefail
cd "$(dirname "$0")/../.."
# First apart: a command that fails inside `eval` stops nothing.
environment=$(tests/tools/rust_env.sh)
eval "$environment"
mkdir -p build
# One command for tests and programs: cargo then unites the features of what both depend on, and
# compiles it once.
cargo build --workspace --all-features --locked --lib --bins --tests --examples --message-format=json-render-diagnostics >build/rust_tests.jsonl.new
mv build/rust_tests.jsonl.new build/rust_tests.jsonl
