#!/usr/bin/env bash
# Cross-compiles the functions for arm64 and zips them. The bytes depend on the sources and the compiler, not on the folder, the home or
# the user that built them: every path that a compiler would write into a binary is mapped to a fixed one.
#
# Usage: cross_build.sh ZIPS_DIR FUNCTION...      CARGO_TARGET_DIR names another target folder than target/.
# `cargo-zigbuild` and zig must be on the PATH (make lambdas sees to that).
set -euo pipefail
cd "$(dirname "$0")/../.."
zips=${1:?ZIPS_DIR}
shift
eval "$(tests/tools/cross_toolchain.sh)"
target_dir=$(mkdir -p "${CARGO_TARGET_DIR:-target}" && cd "${CARGO_TARGET_DIR:-target}" && pwd)
export CARGO_TARGET_DIR=$target_dir
triple=${LAMBDA_TARGET%%.*}

cargo_home=${CARGO_HOME:-$HOME/.cargo}
# The last that matches wins: the target folder usually lies inside the source folder.
# With `panic = "abort"` nobody unwinds: the tables for it are a thirtieth of a zip.
export RUSTFLAGS="-C force-unwind-tables=no --remap-path-prefix=$cargo_home=/cargo --remap-path-prefix=$PWD=/payhook --remap-path-prefix=$target_dir=/target"
c_flags="-fno-asynchronous-unwind-tables -fno-unwind-tables -ffile-prefix-map=$cargo_home=/cargo -ffile-prefix-map=$PWD=/payhook -ffile-prefix-map=$target_dir=/target"
export "CFLAGS_${triple//-/_}=$c_flags" "CXXFLAGS_${triple//-/_}=$c_flags"
# What C code writes into a binary as its time of compilation (mimalloc does): compilers take it from here, where it is set.
# https://reproducible-builds.org/docs/source-date-epoch/, read 2026-11-27. The time of the entry in a zip, 1980-01-01.
export SOURCE_DATE_EPOCH=315532800
# The CPU's own random numbers seed TLS in Lambda; the jitter source would cost some 50 ms of every cold start.
export AWS_LC_SYS_NO_JITTER_ENTROPY=1

packages=()
for function in "$@"; do packages+=(-p "$function"); done
cargo zigbuild --release --locked --target "$LAMBDA_TARGET" "${packages[@]}"
# A zip that is newer than a binary of another target would be kept.
for function in "$@"; do rm -f "$zips/$function.zip"; done
python3 tests/tools/zip_functions.py "$target_dir/$triple/release" "$zips" "$@"
