#!/usr/bin/env bash
# Unpacks Debian packages into a folder. Nothing is installed and no setting of the machine changes: apt works in a folder of its own, which
# also lets it see another architecture or a newer release than the machine's. Signatures are checked as always.
#
# Usage: debian_packages.sh TARGET_DIR [--release CODENAME] PACKAGE[:ARCHITECTURE]...
# A package `+NAME` stands for NAME and the libraries it needs, without the C library and the compiler's own, which every machine that builds has.
set -euo pipefail
cd "$(dirname "$0")/../.."
LISTS_MAX_AGE_MINUTES=1440
target=${1:?TARGET_DIR}
shift
release=
if [ "${1:-}" = --release ]; then
    release=${2:?CODENAME}
    shift 2
fi
for tool in apt-get apt-cache dpkg; do
    command -v "$tool" >/dev/null || {
        echo "$tool is not here: this way needs Debian (what was wanted: $*)" >&2
        exit 1
    }
done

private=$PWD/.tools/apt/${release:-own}
prepare() {
    mkdir -p "$private"/{state/lists/partial,cache/archives/partial}
    touch "$private/state/status"
    {
        echo "Dir::State \"$private/state\";"
        echo "Dir::State::status \"$private/state/status\";"
        echo "Dir::Cache \"$private/cache\";"
        echo 'APT::Architectures { "amd64"; "arm64"; };'
        # The folder may be closed to apt's unprivileged user.
        echo "APT::Sandbox::User \"$(id -un)\";"
        [ -z "$release" ] || printf 'Dir::Etc::sourcelist "%s";\nDir::Etc::sourceparts "-";\n' "$private/release.sources"
    } >"$private/apt.conf"
}
update() {
    if [ -z "$(find "$private/updated" -mmin "-$LISTS_MAX_AGE_MINUTES" 2>/dev/null)" ]; then
        # A third party's source that does not answer is no reason to stop: what is missing is said below.
        APT_CONFIG=$private/apt.conf apt-get update -qq >&2 || true
        touch "$private/updated"
    fi
}

if [ -n "$release" ]; then
    # The mirror that this machine uses has the other releases too. Reading the lists of its own sources tells which mirror that is.
    tests/tools/debian_packages.sh "$target"
    # shellcheck disable=SC2016 # apt expands it
    mirror=$(APT_CONFIG=$PWD/.tools/apt/own/apt.conf apt-get indextargets 'Created-By: Packages' 'Label: Debian' --format '$(REPO_URI)' | head -n 1)
    mkdir -p "$private"
    printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' \
        "${mirror:?no source of Debian packages is configured on this machine}" "$release" >"$private/release.sources"
fi
prepare
update

export APT_CONFIG=$private/apt.conf
needed() {
    apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances "$1" |
        grep -E '^[a-z0-9]' | grep -vE '^(libc6|libgcc-s1|libstdc\+\+6|gcc-[0-9]+-base)(:|$)'
}
names=()
for package in "$@"; do
    if [ "${package#+}" != "$package" ]; then
        mapfile -t -O "${#names[@]}" names < <(needed "${package#+}")
    else
        names+=("$package")
    fi
done
[ "${#names[@]}" -gt 0 ] || exit 0
mkdir -p "$target"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && apt-get download -qq "${names[@]}" >&2)
for deb in "$work"/*.deb; do dpkg -x "$deb" "$target"; done
