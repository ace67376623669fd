#!/usr/bin/env bash
# Prints the command that runs an arm64 Linux program here: nothing on an arm64 machine, else qemu's user emulation with an arm64 C library.
# Debian 13's qemu is taken, whatever the machine's Debian: 7.2 (Debian 12) hangs on the functions' asynchronous runtime, 10.0 runs them.
set -euo pipefail
cd "$(dirname "$0")/../.."
QEMU_RELEASE=trixie
emulator=$PWD/.tools/qemu
if [ "$(uname -s)" != Linux ]; then
    echo "an arm64 Linux program runs under Linux only; this is $(uname -s)" >&2
    exit 1
fi
[ "$(uname -m)" != aarch64 ] || exit 0
if [ ! -e "$emulator/complete" ]; then
    rm -rf "$emulator"
    tests/tools/debian_packages.sh "$emulator/packages" --release "$QEMU_RELEASE" qemu-user:amd64
    mkdir -p "$emulator/bin"
    cp "$emulator/packages/usr/bin/qemu-aarch64" "$emulator/bin/"
    rm -rf "$emulator/packages"
    # Only a binary that is linked with glibc needs these.
    tests/tools/debian_packages.sh "$emulator/root" libc6:arm64 libgcc-s1:arm64
    touch "$emulator/complete"
fi
echo "$emulator/bin/qemu-aarch64 -L $emulator/root"
