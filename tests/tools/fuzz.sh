#!/usr/bin/env bash
# Runs every fuzz target for some seconds each and prints executions: tests/tools/fuzz.sh SECONDS [TARGET…]. What is found stays in build/fuzz/artifacts and belongs into the fixtures.
# The targets are built with the project's own compiler: coverage needs no nightly, only the flags of one.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=$1
shift
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(parser signature_header masker)
fuzz=$(tests/tools/cargo_tool.sh fuzz)
mkdir -p build/fuzz/artifacts
python3 tests/fuzz/seeds.py build/fuzz/corpus
for target in "${targets[@]}"; do
  log="build/fuzz/$target.log"
  if ! RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=target/fuzz "$fuzz" fuzz run --fuzz-dir tests/fuzz --sanitizer none "$target" "build/fuzz/corpus/$target" -- \
    -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=2048 -artifact_prefix="build/fuzz/artifacts/$target-" -print_final_stats=1 >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    echo "fuzzing $target found something: see build/fuzz/artifacts, and make it a fixture" >&2
    exit 1
  fi
  printf '%-17s %12s executions, %s seconds, nothing found\n' "$target" "$(grep -oP 'number_of_executed_units: \K\d+' "$log")" "$seconds"
done
