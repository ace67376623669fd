#!/usr/bin/env bash
# Writes each requirements*.txt from its requirements*.in: every package, the indirect ones too, with
# its version and the hashes of all its published files, for Linux and macOS, x86-64 and arm64, and
# Python 3.11 and newer. Versions that are written already stay: `--upgrade` looks for newer ones,
# `--upgrade-package NAME` for one package's.
#
# A file is resolved under those that are installed before it into the same environment.
set -euo pipefail
cd "$(dirname "$0")/../.."
# In a folder of its version.
UV=.tools/uv-$(sed -n 's/^uv==\([^ ]*\).*/\1/p' tests/tools/requirements-uv.txt)
if [ ! -x "$UV/bin/uv" ]; then
    python3 -m venv "$UV"
    "$UV/bin/python" -m pip install -q --require-hashes --only-binary :all: -r tests/tools/requirements-uv.txt
fi

# lock FOLDER/NAME [FILE...]: the files bound its versions.
lock() {
    local name=$1 bounds=()
    shift
    for bound in "$@"; do bounds+=(-c "$bound"); done
    "$UV/bin/uv" pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate \
        --custom-compile-command tests/tools/python_locks.sh ${bounds[@]+"${bounds[@]}"} ${MORE[@]+"${MORE[@]}"} "$name.in" -o "$name.txt"
}

MORE=("$@")
lock infra/requirements-build
lock infra/requirements infra/requirements-build.txt
lock infra/local_cloud/requirements infra/requirements-build.txt infra/requirements.txt
lock bench/baseline/requirements infra/local_cloud/requirements.txt
lock infra/requirements-dev infra/requirements-build.txt infra/requirements.txt infra/local_cloud/requirements.txt
lock infra/requirements-cross infra/requirements.txt infra/local_cloud/requirements.txt infra/requirements-dev.txt
lock tests/oracles/requirements
lock tests/second_opinion/requirements
lock tests/tools/requirements-uv
lock tests/tools/requirements-coverage
