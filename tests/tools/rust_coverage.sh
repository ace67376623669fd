#!/usr/bin/env bash
# Counts the lines of Rust that the last `make test-rust` and the command line in the last `make
# test-e2e` reached, and fails below 90 %. What measures is not counted. PYTHON names the interpreter.
set -euo pipefail
cd "$(dirname "$0")/../.."
COVERAGE_LINES_MIN_PERCENT=90
# What nothing but a cloud reaches. Nix has none in its sandbox and leaves these files out; what is
# left must have the same share there, so it is asked here too.
NEEDS_A_CLOUD='/functions/aws_adapters/|/functions/payhook/src/doctor/((after|before)/read|after/trace|after)[.]rs'
# First apart: a command that fails inside `eval` stops nothing.
environment=$(tests/tools/rust_env.sh)
eval "$environment"
"$PYTHON" -m tests.run.coverage build/rust_tests.jsonl --least "$COVERAGE_LINES_MIN_PERCENT" \
  --needs-a-cloud "$NEEDS_A_CLOUD"
