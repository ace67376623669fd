#!/usr/bin/env bash
# Builds stripe-mock (Stripe's own server of its published OpenAPI document) from its Go module into .tools/stripe-mock, pinned, once, and
# prints the binary's path. It refuses a request that the document does not know.
set -euo pipefail
cd "$(dirname "$0")/../.."
VERSION=0.203.0
home=$PWD/.tools/stripe-mock
binary=$home/stripe-mock-$VERSION
if [ ! -x "$binary" ]; then
    command -v go >/dev/null || {
        echo "no 'go' on the PATH: install Go 1.25 or newer, which builds stripe-mock $VERSION" >&2
        exit 1
    }
    # A folder of its own, renamed at the end: an interrupted build leaves nothing that looks finished.
    mkdir -p "$home"
    making=$(mktemp -d "$home/making.XXXXXX")
    trap 'rm -rf "$making"' EXIT
    # A module that requires the pinned version: the checksum database vouches for what is downloaded.
    printf 'module tools\n\ngo 1.25\n\nrequire github.com/stripe/stripe-mock v%s\n' "$VERSION" >"$making/go.mod"
    (cd "$making" && CGO_ENABLED=0 go build -mod=mod -o stripe-mock github.com/stripe/stripe-mock >&2)
    mv "$making/stripe-mock" "$binary"
fi
echo "$binary"
