#!/usr/bin/env bash
# Finds or fetches a Rust standard library for arm64 and prints the environment that the cross build needs: LAMBDA_TARGET and, where the
# pinned compiler cannot be used, RUSTC. The linker and the C compiler are zig's in either case.
#
# First choice: rustup's musl target, which makes static binaries with the pinned compiler. A machine that reaches only package registries
# cannot fetch it; Debian packages a compiler together with its standard libraries, and that pair is then used as it is, for glibc 2.34,
# which is Amazon Linux 2023's (https://docs.aws.amazon.com/linux/al2023/ug/core-glibc.html, read 2026-11-25).
set -euo pipefail
cd "$(dirname "$0")/../.."
STATIC_TARGET=aarch64-unknown-linux-musl
GLIBC_TARGET=aarch64-unknown-linux-gnu.2.34
cross=$PWD/.tools/cross

if [ "${CROSS_WITH:-}" != debian ]; then
    if rustup target list --installed 2>/dev/null | grep -qx "$STATIC_TARGET" ||
        { [ ! -e "$cross/complete" ] && rustup target add "$STATIC_TARGET" >/dev/null 2>&1; }; then
        echo "export LAMBDA_TARGET=$STATIC_TARGET"
        exit 0
    fi
fi

if [ ! -e "$cross/complete" ]; then
    echo "rustup has no $STATIC_TARGET here; unpacking Debian's compiler and its arm64 library into .tools/cross" >&2
    rm -rf "$cross"
    host=$(dpkg --print-architecture 2>/dev/null || echo amd64)
    tests/tools/debian_packages.sh "$cross" "rustc-web:$host" "+libstd-rust-web-dev:$host" libstd-rust-web-dev:arm64 || {
        echo "no arm64 standard library: let 'rustup target add $STATIC_TARGET' through, or use Debian 12 or newer, or build with Nix (nix build .#lambdas)" >&2
        exit 1
    }
    # The packages expect to lie in /: the compiler finds its own libraries through this.
    cat >"$cross/rustc" <<'WRAPPER'
#!/bin/sh
here=$(cd "$(dirname "$0")" && pwd)
gnu=$(uname -m)-linux-gnu
LD_LIBRARY_PATH=$here/usr/lib/$gnu:$here/lib/$gnu${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} exec "$here/usr/bin/rustc" "$@"
WRAPPER
    chmod +x "$cross/rustc"
    "$cross/rustc" --version >&2
    touch "$cross/complete"
fi
echo "export LAMBDA_TARGET=$GLIBC_TARGET RUSTC=$cross/rustc"
