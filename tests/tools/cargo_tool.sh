#!/usr/bin/env bash
# Builds a cargo subcommand, pinned, into .tools/cargo, once, and prints the binary's path. Usage: cargo_tool.sh deny|fuzz
set -euo pipefail
cd "$(dirname "$0")/../.."
tool=${1:-}
case $tool in
deny) VERSION=0.20.2 ;;
fuzz) VERSION=0.13.1 ;;
*)
    echo "usage: cargo_tool.sh deny|fuzz" >&2
    exit 2
    ;;
esac
home=$PWD/.tools/cargo
if ! grep -qs "\"cargo-$tool $VERSION " "$home/.crates.toml"; then
    cargo install "cargo-$tool" --version "$VERSION" --locked --quiet --root "$home" --target-dir "$PWD/.tools/target-cargo-$tool" >&2
    rm -rf "$PWD/.tools/target-cargo-$tool"
fi
echo "$home/bin/cargo-$tool"
