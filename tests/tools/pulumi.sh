#!/usr/bin/env bash
# Pulumi's CLI and its plugins, in the versions that belong together: pulumi.sh engine|plugins.
#
# infra/requirements.txt pins the SDK and the providers' packages. The CLI has the SDK's version, a
# provider's plugin that of its package. Nix's pulumi-bin brings CLI and random plugin (nix/shell.nix
# says so, or does not evaluate); AWS's plugin is installed by `plugins`, or by the CLI when it is used.
#
#   plugins  has the CLI on the PATH install what it would otherwise download while it deploys: the
#            two providers' plugins, and the analyzer that runs the policy pack. Refuses another
#            version of the CLI.
#   engine   builds the CLI from its Go module into .tools/pulumi, once, and prints the binary's
#            path: what `make engine` runs. It takes minutes.
set -euo pipefail
cd "$(dirname "$0")/../.."
# The last one that is known to run packs in Rego with this CLI (v3.227.0 and newer look for it):
# https://github.com/pulumi/docs/issues/21832, read 2026-11-27. It ends when a pack has a
# config-schema.json: https://github.com/pulumi/pulumi/issues/24748, read 2026-11-27.
ANALYZER=1.1.1
# The Go module proxy does not serve the CLI's own version; this is the next one that it serves.
ENGINE=3.248.0
# What the CLI's go.mod puts in the place of the published package.
CLIPBOARD='github.com/atotto/clipboard => github.com/tgummerer/clipboard v0.0.0-20241001131231-d02d263e614e'

pin() {
    sed -n "s/^$1==\([^ ]*\).*/\1/p" infra/requirements.txt
}

case ${1:-} in
plugins)
    found=$(pulumi version)
    if [ "$found" != "v$(pin pulumi)" ]; then
        echo "pulumi.sh: the CLI on the PATH is $found, and infra/requirements.txt pins v$(pin pulumi)" >&2
        exit 1
    fi
    pulumi plugin install resource aws "$(pin pulumi-aws)" --exact
    pulumi plugin install resource random "$(pin pulumi-random)" --exact
    pulumi plugin install analyzer policy-opa "$ANALYZER" --exact
    ;;
engine)
    # The Automation API looks for bin/pulumi.
    binary=$PWD/.tools/pulumi/$ENGINE/bin/pulumi
    if [ ! -x "$binary" ]; then
        command -v go >/dev/null || {
            echo "no 'go' on the PATH: install Go 1.26 or newer, which builds Pulumi's CLI $ENGINE" >&2
            exit 1
        }
        # A folder of its own, renamed at the end: an interrupted build leaves nothing that looks finished.
        mkdir -p .tools/pulumi
        making=$(mktemp -d "$PWD/.tools/pulumi/making.XXXXXX")
        trap 'rm -rf "$making"' EXIT
        # A module that requires the pinned version: the checksum database vouches for what is downloaded.
        printf 'module tools\n\ngo 1.25\n\nrequire github.com/pulumi/pulumi/pkg/v3 v%s\n\nreplace %s\n' \
            "$ENGINE" "$CLIPBOARD" >"$making/go.mod"
        (cd "$making" && CGO_ENABLED=0 go build -mod=mod -o bin/pulumi \
            -ldflags "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=$ENGINE" \
            github.com/pulumi/pulumi/pkg/v3/cmd/pulumi >&2)
        mkdir -p "$(dirname "$binary")"
        mv "$making/bin/pulumi" "$binary"
    fi
    echo "$binary"
    ;;
*)
    echo "usage: pulumi.sh engine|plugins" >&2
    exit 2
    ;;
esac
