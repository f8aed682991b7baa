#!/bin/sh
# Makes the files of a minimal image: crond and crond-job where an install puts them; the shared libraries that they name
# and no other; and a busybox with the few commands that the tests' jobs use. No user, no zone, no /etc, /tmp or /var.
# Usage: make_image.sh CROND CROND_JOB BUSYBOX IMAGE
set -eu
crond=$1 job=$2 busybox=$3 image=$4
commands='cat date env false id kill mkdir mv rm seq setsid sh sleep true wc yes'

rm -rf "$image"
mkdir -p "$image/bin" "$image/lib" "$image/lib64" "$image/usr/local/sbin" "$image/usr/local/libexec/belfry" "$image/root"
strip --strip-debug -o "$image/usr/local/sbin/crond" "$crond"
cp "$job" "$image/usr/local/libexec/belfry"
cp "$busybox" "$image/bin/busybox"
for command in $commands; do ln -s busybox "$image/bin/$command"; done
for program in "$crond" "$busybox"; do
    ldd "$program" 2>/dev/null || true
done | grep -o '/[^ ]*' | sort -u | while read -r library; do
    mkdir -p "$image${library%/*}"
    cp -L "$library" "$image$library"
done
