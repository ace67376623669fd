#!/usr/bin/env bash
# Prints the environment in which the Rust tests, and the programs that all tests run, are compiled:
# once, and instrumented.
#
# As the compiler of our own crates cargo-llvm-cov instruments those; what they depend on is
# compiled as `make build` does it, and shared with it: both have the same folder for what lies
# between. What is ready lies apart (build.build-dir,
# https://doc.rust-lang.org/cargo/reference/config.html#buildbuild-dir, read 2026-11-27), so a test
# run leaves target/debug/payhook alone.
set -euo pipefail
cd "$(dirname "$0")/../.."
found=$(tests/tools/coverage_tools.sh)
eval "$found"
export CARGO_TARGET_DIR=$PWD/target/tested CARGO_BUILD_BUILD_DIR=$PWD/target
cargo llvm-cov show-env --export-prefix 2>/dev/null | sed 's/^export RUSTC_WRAPPER=/export RUSTC_WORKSPACE_WRAPPER=/'
echo "export PATH='$PATH' LLVM_COV=$LLVM_COV LLVM_PROFDATA=$LLVM_PROFDATA"
echo "export CARGO_TARGET_DIR=$CARGO_TARGET_DIR CARGO_BUILD_BUILD_DIR=$CARGO_BUILD_BUILD_DIR"
