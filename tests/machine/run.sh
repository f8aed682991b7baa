#!/usr/bin/env bash
# Runs one test on a Debian 12 machine of its own: run.sh TEST PACKAGE [ARGUMENT...]; TEST is systemd, sysvinit or
# compare, PACKAGE our .deb.
# A machine is a root made by debootstrap, kept below $BELFRY_MACHINE_CACHE, under an overlay that is gone at
# the end, booted in namespaces whose first process is the test: with it goes all that it started or mounted.
# Exits 77, and says why, where such a machine cannot be had.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mirror=${BELFRY_MACHINE_MIRROR:-http://deb.debian.org/debian}

skip() {
    printf 'machine: SKIPPED: %s\n' "$*" >&2
    exit 77
}

# What our package depends on is in every root: the machine has no network to fetch it from.
common=(cron exim4-daemon-light tmux nano procps tzdata lsb-base logrotate
    libfmt9 libsqlite3-0 libstdc++6 libpam0g libevent-core-2.1-7 libevent-extra-2.1-7)
systemd_packages=("${common[@]}" systemd systemd-sysv dbus libpam-systemd)
sysvinit_packages=("${common[@]}" sysvinit-core rsyslog)

# base NAME PACKAGE...: the path of a root with these packages, made if it is not there yet.
base() {
    local name=$1 tree scratch log
    shift
    tree=$cache/$name-$(printf '%s\n' "$mirror" "$@" | sha256sum | cut -c1-12)
    if [[ ! -d $tree ]]; then
        # In memory first: dpkg waits for the disk at every file.
        scratch=$(mktemp -d "$cache/new.XXXXXX")
        log=$cache/$name.log
        printf 'machine: making %s, see %s\n' "$tree" "$log" >&2
        timeout 900 unshare --mount bash -c '
            set -e
            mount -t tmpfs -o mode=755 machine "$1"
            debootstrap --variant=minbase --include="$2" bookworm "$1" "$3"
            rm -f "$1"/var/cache/apt/archives/*.deb
            mkdir "$4"
            cp -a "$1/." "$4"' - "$scratch" "$(IFS=, && echo "$*")" "$mirror" "$scratch.tree" \
            >"$log" 2>&1 </dev/null || {
            rm -rf --one-file-system "$scratch" "$scratch.tree"
            tail -n 5 "$log" >&2
            skip "debootstrap from $mirror failed"
        }
        rmdir "$scratch"
        mv "$scratch.tree" "$tree"
    fi
    printf '%s\n' "$tree"
}

test_name=${1:?usage: run.sh TEST [ARGUMENT...]}
[[ -f $here/${test_name}_test.sh ]] || { printf 'machine: no test %s\n' "$test_name" >&2; exit 2; }
[[ -n ${BELFRY_MACHINE_CACHE:-} ]] || skip "takes minutes; ./dev machine runs it"
((EUID == 0)) || skip "needs root"
for tool in debootstrap systemd-nspawn unshare nsenter dpkg-deb; do
    command -v "$tool" >/dev/null || skip "needs $tool"
done
unshare --mount --pid --fork --kill-child --mount-proc --cgroup --ipc true 2>/dev/null ||
    skip "this machine allows no namespaces"
mkdir -p "$BELFRY_MACHINE_CACHE"
cache=$(cd "$BELFRY_MACHINE_CACHE" && pwd)
exec 9>"$cache/lock"
flock 9  # one makes a root, and the time limits are those of a machine for itself

case $test_name in
    sysvinit) root=$(base sysvinit "${sysvinit_packages[@]}") ;;
    *) root=$(base systemd "${systemd_packages[@]}") ;;
esac

# A control group of their own for the machines, so that what systemd leaves there can be found and removed.
group=
for hierarchy in /sys/fs/cgroup/unified /sys/fs/cgroup; do
    if [[ -f $hierarchy/cgroup.procs ]]; then
        group=$hierarchy/belfry-machine.$$
        mkdir "$group" && break
    fi
done 2>/dev/null
[[ -d $group ]] || skip "no cgroup v2 hierarchy that can be written here"

end() {
    local tries
    for tries in {1..100}; do
        if find "$group" -depth -type d -exec rmdir {} + 2>/dev/null; then return; fi
        sleep 0.05
    done
    printf 'machine: %s is not empty after %s tries\n' "$group" "$tries" >&2
}
trap end EXIT

shift
status=0
(
    exec 9>&-
    export BELFRY_MACHINE_GROUP=${group#"$hierarchy"}
    exec timeout --foreground --kill-after=1 "${BELFRY_MACHINE_SECONDS:-300}" \
        unshare --mount --pid --fork --kill-child=KILL --mount-proc --ipc --propagation private \
        bash "$here/${test_name}_test.sh" "$root" "$@"
) </dev/null &
# Whoever ends this script ends the machines, too.
trap 'kill $! 2>/dev/null || true' TERM INT HUP
wait $! || status=$?
while kill -0 $! 2>/dev/null; do wait $! || true; done
((status != 124)) || printf 'machine: not done after %s s\n' "${BELFRY_MACHINE_SECONDS:-300}" >&2
exit "$status"
