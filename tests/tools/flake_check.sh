#!/usr/bin/env bash
# Checks the flake as far as this machine can: that flake.nix, flake.lock and the pins agree (always), and that every output of every system evaluates to a
# derivation, without building any and without import from derivation (with Nix 2.18 or newer). Says what it left out.
#
# NIX                          the command that runs Nix; several words where it is elsewhere: NIX='chroot /nix-root nix'
# FLAKE                        the flake as that command sees it (default: this repository)
# NIXPKGS CRANE RUST_OVERLAY   paths, as that command sees them, that stand in for the locked inputs
set -euo pipefail
cd "$(dirname "$0")/../.."
python3 tests/tools/flake_lock.py

oldest=2.18
# Evaluates nothing; says so.
parse_only() {
    if command -v nix-instantiate >/dev/null; then
        find flake.nix nix -name '*.nix' -print0 | xargs -0 -n1 nix-instantiate --parse >/dev/null
        echo "every .nix file parses; skipped: evaluation, $1"
    else
        echo "skipped: parsing and evaluation, $1"
    fi
    exit 0
}

read -ra nix <<<"${NIX:-nix}"
version=$("${nix[@]}" --version 2>/dev/null | grep -oE '[0-9]+\.[0-9]+' | head -1) || version=
if [ -z "$version" ]; then
    # Who names a Nix wants an answer from it.
    [ -z "${NIX:-}" ] || { echo "no Nix answers to '$NIX --version': correct NIX, or leave it out" >&2; exit 1; }
    parse_only "no Nix is here (NIX names its command)"
fi
if [ "$(printf '%s\n' "$oldest" "$version" | sort -V | head -1)" != "$oldest" ]; then
    parse_only "which needs Nix $oldest or newer and this is $version (NIX names another)"
fi

options=(--extra-experimental-features 'nix-command flakes' --no-write-lock-file --option allow-import-from-derivation false)
[ -z "${NIXPKGS:-}" ] || options+=(--override-input nixpkgs "path:$NIXPKGS")
[ -z "${CRANE:-}" ] || options+=(--override-input crane "path:$CRANE")
[ -z "${RUST_OVERLAY:-}" ] || options+=(--override-input rust-overlay "path:$RUST_OVERLAY")
# Without FLAKE it is this clone, of which Nix takes what git tracks.
flake=${FLAKE:+path:$FLAKE}
# The reader below ends with the evaluation's own status.
"${nix[@]}" flake check --no-build --all-systems "${options[@]}" "${flake:-$PWD}" 2>&1 |
    awk '
        /^checking (derivation|app) / { what = $2 " " $3; gsub(/\.\.\.|\x27/, "", what); if ($2 == "app") print what; next }
        /^derivation evaluated to/ { drv = $4; sub(/^\/nix\/store\/[a-z0-9]+-/, "", drv); print what "  " drv; next }
        /error:/ { failed = 1 }
        failed { print }
    '
echo "every output of every system evaluates"
