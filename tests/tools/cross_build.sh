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
# Lambda's arm64 processors are AWS Graviton: Armv8.2 with CRC and crypto extensions in Graviton2, hence AES
# (https://docs.aws.amazon.com/lambda/latest/dg/foundation-arch.html, read 2026-11-28), and LSE in each but the first Graviton
# (https://github.com/aws/aws-graviton-getting-started/blob/main/rust.md, read 2026-11-28). Where AES is certain, crc-fast leaves out the
# tables that it needs without AES, which hardly compress (crc-fast-1.10.0/src/arch/mod.rs). nix/lambdas.nix has the same features.
export RUSTFLAGS="-C target-feature=+aes,+lse -C force-unwind-tables=no --remap-path-prefix=$cargo_home=/cargo --remap-path-prefix=$PWD=/payhook --remap-path-prefix=$target_dir=/target"
# Everything is compressed at one level of zstd, at which it uses its strategy `fast` for an input of any size (pipeline::audit::ZSTD_LEVEL):
# the other strategies are left out. Were a higher level asked for, it would get `fast` (zstd-sys-2.1.3+zstd.1.5.7,
# zstd/lib/compress/zstd_compress.c, ZSTD_adjustCParams_internal). nix/lambdas.nix leaves out the same.
zstd_flags=""
for strategy in DFAST GREEDY LAZY LAZY2 BTLAZY2 BTOPT BTULTRA; do zstd_flags+=" -DZSTD_EXCLUDE_${strategy}_BLOCK_COMPRESSOR"; done
c_flags="-fno-asynchronous-unwind-tables -fno-unwind-tables -ffile-prefix-map=$cargo_home=/cargo -ffile-prefix-map=$PWD=/payhook -ffile-prefix-map=$target_dir=/target$zstd_flags"
export "CFLAGS_${triple//-/_}=$c_flags" "CXXFLAGS_${triple//-/_}=$c_flags"
# What C code writes into a binary as its time of compilation (mimalloc does): compilers take it from here, where it is set.
# https://reproducible-builds.org/docs/source-date-epoch/, read 2026-11-27. The time of the entry in a zip, 1980-01-01.
export SOURCE_DATE_EPOCH=315532800
# The CPU's own random numbers seed TLS in Lambda; the jitter source would cost some 50 ms of every cold start.
export AWS_LC_SYS_NO_JITTER_ENTROPY=1
# P-256, P-384 and P-521 without their tables, which hardly compress. All algorithms stay: P-256 takes two to three times as long, P-384 three
# to six; RSA, AES-GCM and SHA on arm64 about what they took (aws-lc-sys-0.47.0/README.md, "Optimizing for binary size"). Ed25519 and X25519 keep
# their assembly on arm64 (aws-lc/crypto/fipsmodule/curve25519/internal.h, CURVE25519_S2N_BIGNUM_CAPABLE).
export AWS_LC_SYS_SMALL=1

packages=()
for function in "$@"; do packages+=(-p "$function"); done
cargo zigbuild --release --locked --target "$LAMBDA_TARGET" "${packages[@]}"
# A zip that is newer than a binary of another target would be kept.
for function in "$@"; do rm -f "$zips/$function.zip"; done
python3 tests/tools/zip_functions.py "$target_dir/$triple/release" "$zips" "$@"
