#!/usr/bin/env bash
# Builds the Open Policy Agent (or, with `regal`, the linter of its language) from its Go module into .tools/opa, pinned, once, and prints the binary's path.
# The judges of the policy pack that are not ours: `opa test`, `opa check --strict`, `opa fmt`, `opa eval`; `regal lint`.
set -euo pipefail
cd "$(dirname "$0")/../.."
tool=${1:-opa}
case $tool in
opa) VERSION=1.22.2 ;;
regal) VERSION=0.39.0 ;;
*)
    echo "usage: opa.sh [opa|regal]" >&2
    exit 2
    ;;
esac
home=$PWD/.tools/opa
binary=$home/$tool-$VERSION
if [ ! -x "$binary" ]; then
    command -v go >/dev/null || {
        echo "no 'go' on the PATH: install Go 1.26 or newer, which builds $tool $VERSION" >&2
        exit 1
    }
    # A folder of its own, renamed at the end: an interrupted build leaves nothing that looks finished.
    mkdir -p "$home"
    making=$(mktemp -d "$home/making.XXXXXX")
    trap 'rm -rf "$making"' EXIT
    # A module that requires the pinned version: the checksum database vouches for what is downloaded.
    printf 'module tools\n\ngo 1.25\n\nrequire github.com/open-policy-agent/%s v%s\n' "$tool" "$VERSION" >"$making/go.mod"
    (cd "$making" && CGO_ENABLED=0 go build -mod=mod -o "$tool" "github.com/open-policy-agent/$tool" >&2)
    mv "$making/$tool" "$binary"
fi
echo "$binary"
