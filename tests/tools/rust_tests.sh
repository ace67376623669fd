#!/usr/bin/env bash
# Runs every Rust test that rust_tested.sh compiled, with the storage adapter's endpoint tests
# against the emulator and against DynamoDB Local. What measures is tested too. PYTHON names the
# interpreter that has the emulator. What the tests reach is counted by rust_coverage.sh.
set -euo pipefail
cd "$(dirname "$0")/../.."
# First apart: a command that fails inside `eval` stops nothing.
environment=$(tests/tools/rust_env.sh)
eval "$environment"
tests/tools/dynamodb_local.sh

free_port() { "$PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
emulator_port=$(free_port)
dynamodb_port=$(free_port)
state=$(mktemp -d)
mkdir -p build/results
"$PYTHON" -m infra.local_cloud.emulator --port "$emulator_port" --state "$state" >build/rust_emulator.log 2>&1 &
emulator=$!
tests/tools/dynamodb_local.sh run "$dynamodb_port" >build/rust_dynamodb_local.log 2>&1 &
dynamodb=$!
trap 'kill $emulator $dynamodb 2>/dev/null; wait 2>/dev/null; rm -rf "$state"' EXIT
for port in "$emulator_port" "$dynamodb_port"; do
    for _ in $(seq 100); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && continue 2
        sleep 0.2
    done
    echo "nothing listens on port $port after 20 s: see build/rust_*.log" >&2
    exit 1
done

export PAYHOOK_TEST_ENDPOINT="http://127.0.0.1:$emulator_port"
export PAYHOOK_TEST_DYNAMODB_ENDPOINTS="http://127.0.0.1:$emulator_port,http://127.0.0.1:$dynamodb_port"
find target -maxdepth 2 -name '*.profraw' -delete
"$PYTHON" -m tests.run.rust build/rust_tests.jsonl 2>&1 | tee build/results/rust.txt
