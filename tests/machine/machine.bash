# Sourced by the tests: machines to boot and enter, and checks. Run as the first process of namespaces that
# run.sh makes.
# shellcheck shell=bash
set -euo pipefail

root=${1:?the root to boot is the first argument}
shift
patience=60  # seconds, for what takes less than one on an idle machine

# All that is written, in memory: overlays, /run for systemd-nspawn.
mount -t tmpfs -o mode=755 machine /run
mount -t tmpfs -o mode=755 machine /mnt
mount -t cgroup2 cgroup2 /sys/fs/cgroup
groups=/sys/fs/cgroup$BELFRY_MACHINE_GROUP
sed 's/^/+/; s/ / +/g' "$groups/cgroup.controllers" >"$groups/cgroup.subtree_control"
work=/mnt
failed=0
booted=
declare -A leader

say() { printf 'machine: %s\n' "$*" >&2; }
die() {
    say "$*"
    exit 1
}

# Not even a plain Debian can be booted here: no failure of ours. Later on it is one.
cannot() {
    [[ -z $booted ]] || die "$*"
    say "SKIPPED: $*"
    exit 77
}

# check WORDS COMMAND...: the claim in WORDS holds if COMMAND succeeds.
check() {
    local claim=$1 output status=0
    shift
    output=$("$@" 2>&1) || status=$?
    if ((status == 0)); then
        printf 'ok    %s\n' "$claim"
    else
        printf 'FAIL  %s\n      %s: status %s\n%s\n' "$claim" "$*" "$status" "${output:0:2000}"
        failed=$((failed + 1))
    fi
}

# eventually COMMAND...: until it succeeds, asked again and again within the patience.
eventually() {
    local until=$((SECONDS + patience))
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < until)) || {
            "$@"
            return
        }
        sleep 0.1
    done
}

# make_machine NAME: its files, a copy-on-write view of the root, at $work/NAME/root.
make_machine() {
    local at=$work/$1
    mkdir -p "$at/upper" "$at/work" "$at/root"
    mount -t overlay overlay -o "lowerdir=$root,upperdir=$at/upper,workdir=$at/work" "$at/root" ||
        cannot "no overlay on $root"
    # Mailers want a full name, and deliver what goes to it.
    echo "$1" >"$at/root/etc/hostname"
    printf '127.0.0.1 localhost\n127.0.1.1 %s.example.org %s\n' "$1" "$1" >"$at/root/etc/hosts"
    echo "$1.example.org" >"$at/root/etc/mailname"
}

# boot NAME: boots it and waits until its init has started everything.
boot() {
    local name=$1 at=$work/$1 child
    # Alone in its control group, so that controllers can be handed on to the machine.
    mkdir -p "$groups/$name"
    (
        echo "$BASHPID" >"$groups/$name/cgroup.procs"
        export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
        exec systemd-nspawn --quiet --boot --directory="$at/root" --machine="$name" \
            --private-network --register=no --keep-unit --console=pipe
    ) >>"$at/console" 2>&1 </dev/null &
    echo $! >"$at/nspawn"
    eventually has_leader "$name" || cannot "$name did not start: $(cat "$at/console")"
    child=$(leader_of "$name")
    leader[$name]=$child
    eventually is_up "$name" || cannot "$name did not boot: $(tail -n 30 "$at/console")"
    booted=yes
}

leader_of() {
    local nspawn
    nspawn=$(<"$work/$1/nspawn")
    tr ' ' '\n' <"/proc/$nspawn/task/$nspawn/children" | tail -n 1 | grep .
}
has_leader() { grep -qxE 'systemd|init' "/proc/$(leader_of "$1")/comm"; }

# in_machine NAME COMMAND...: as root.
in_machine() {
    local name=$1
    shift
    nsenter --target "${leader[$name]}" --mount --uts --ipc --net --pid --cgroup --root --wd \
        env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=xterm HOME=/root LANG=C.UTF-8 "$@"
}
# as USER NAME COMMAND: a line of shell, as the user.
as() {
    in_machine "$2" setpriv --reuid "$1" --regid "$1" --init-groups \
        env HOME="/home/$1" USER="$1" LOGNAME="$1" SHELL=/bin/bash bash -c "cd; $3"
}

is_up() {
    case $(in_machine "$1" cat /proc/1/comm) in
        systemd) [[ $(in_machine "$1" systemctl is-system-running) =~ ^(running|degraded)$ ]] ;;
        # sysvinit has run all scripts when nothing waits for rc any more.
        *) [[ $(in_machine "$1" runlevel) == *\ 2 ]] && ! in_machine "$1" pgrep -f /etc/init.d/rc >/dev/null ;;
    esac
}

# shut_down NAME: as its init does it.
shut_down() {
    local nspawn
    nspawn=$(<"$work/$1/nspawn")
    in_machine "$1" poweroff >/dev/null 2>&1 || true
    local until=$((SECONDS + patience))
    while kill -0 "$nspawn" 2>/dev/null && ((SECONDS < until)); do sleep 0.1; done
    kill -0 "$nspawn" 2>/dev/null && return 1
    wait "$nspawn" || true
    mount -o remount,rw "$work/$1/root"  # sysvinit leaves it read-only
}

# The end of a test: its exit status, and of a failure what the machines have logged.
finish() {
    local name
    if ((failed)); then
        for name in "${!leader[@]}"; do
            say "the log of $name:"
            in_machine "$name" sh -c 'journalctl --no-pager -n 60 || tail -n 60 /var/log/syslog' >&2 || true
        done
        say "$failed checks failed"
        exit 1
    fi
    say "all checks hold"
}
