#!/usr/bin/env bash
# Builds actionlint (the linter of GitHub workflows) from its Go module into .tools/actionlint, pinned, once, and prints the binary's path.
set -euo pipefail
cd "$(dirname "$0")/../.."
VERSION=1.7.12
home=$PWD/.tools/actionlint
binary=$home/actionlint-$VERSION
if [ ! -x "$binary" ]; then
    command -v go >/dev/null || {
        echo "no 'go' on the PATH: install Go 1.25 or newer, which builds actionlint $VERSION" >&2
        exit 1
    }
    # A folder of its own, renamed at the end: an interrupted build leaves nothing that looks finished.
    mkdir -p "$home"
    making=$(mktemp -d "$home/making.XXXXXX")
    trap 'rm -rf "$making"' EXIT
    # A module that requires the pinned version: the checksum database vouches for what is downloaded.
    printf 'module tools\n\ngo 1.25\n\nrequire github.com/rhysd/actionlint v%s\n' "$VERSION" >"$making/go.mod"
    (cd "$making" && CGO_ENABLED=0 go build -mod=mod -o actionlint github.com/rhysd/actionlint/cmd/actionlint >&2)
    mv "$making/actionlint" "$binary"
fi
echo "$binary"
