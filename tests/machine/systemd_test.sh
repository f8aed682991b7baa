#!/usr/bin/env bash
# Our package over Debian's cron on a machine with systemd: run.sh systemd PACKAGE [PART...], all parts if none.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/machine/machine.bash
. "$here/machine.bash"
package=${1:?the package is the second argument}

on() { in_machine one "$@"; }
files=$work/one/root

# A table as crontab leaves it: table USER LINE...
table() {
    local user=$1 new=$files/var/spool/cron/crontabs/tmp.new
    shift
    printf '%s\n' "$@" >"$new"
    on chown "$user:crontab" /var/spool/cron/crontabs/tmp.new
    chmod 600 "$new"
    mv "$new" "$files/var/spool/cron/crontabs/$user"
}
noted() { [[ -s $files/srv/$1 ]]; }                # a job wrote /srv/NAME
says() { grep -qE -- "$2" "$files/srv/$1"; }       # and in it a line that matches
has_lines() { (($(wc -l <"$files/srv/$2") == $1)); }
state() { on systemctl show --value --property "$1" cron.service; }
main_pid() { state MainPID; }
is_ours() { [[ $(on readlink "/proc/$(main_pid)/exe") == /usr/sbin/crond ]]; }
journal() { on journalctl --no-pager --output=json "$@"; }
# Read to its end: a writer that is cut off has failed, too.
logged() { journal -t CRON -t cron -t crond | grep -E -- "$1" >/dev/null; }
apt_get() {
    on env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 -o APT::Sandbox::User=root "$@"
}
# A run that notes its name, and lives until /srv/NAME.end is written to.
long_job() { printf 'echo $CRON_RUN >>/srv/%s; read line </srv/%s.end; echo $CRON_RUN >>/srv/%s.ended' "$1" "$1" "$1"; }

debian_before() {
    check "Debian's cron is there first" on systemctl is-active --quiet cron
    on sh -c 'echo "0 5 * * * echo of alice" | crontab -u alice -; echo "0 6 * * * echo of bob" | crontab -u bob -'
    on sh -c 'echo "@reboot echo once >>/srv/reboot" | crontab -'
    # What its start of this boot would have done.
    echo once >>"$files/srv/reboot"
    echo '0 3 * * * root true' >"$files/etc/cron.d/kept"
    before=$(on sh -c 'cd /var/spool/cron/crontabs && sha256sum *; sha256sum /etc/crontab /etc/cron.d/*')
}

install() {
    cp "$package" "$files/root/first.deb"
    check "apt-get installs the package over Debian's cron" apt_get install -y /root/first.deb
    check "Debian's cron is gone" test "$(on dpkg-query -W -f '${db:Status-Status}' cron 2>/dev/null)" != installed
    check "its tables are as they were" \
        test "$(on sh -c 'cd /var/spool/cron/crontabs && sha256sum *; sha256sum /etc/crontab /etc/cron.d/*')" = "$before"
    check "the service is active" eventually on systemctl is-active --quiet cron
    check "the service is enabled" on systemctl is-enabled --quiet cron
    check "crond.service is the same service" on systemctl is-active --quiet crond
    check "it runs our crond" eventually is_ours
    check "it tells systemd when it is ready" test "$(state Type)" = notify
    check "systemd watches it" test "$(state WatchdogUSec)" != 0
    check "and was started once" test "$(state NRestarts)" = 0
    check "nothing else failed" test -z "$(on systemctl --failed --quiet --no-legend)"
    check "@reboot did not run again in this boot" test "$(wc -l <"$files/srv/reboot")" = 1
}

jobs() {
    local user
    for user in root alice bob; do
        table "$user" "@every 1s id -un >/srv/user.$user" 'LC_X="a b"' \
            "@every 1s (env; pwd) >/srv/env.$user"
    done
    echo '@every 1s bob id -un >/srv/cron.d.bob' >"$files/etc/cron.d/bobs"
    printf '@every 1s root id -un >/srv/system.root\n' >>"$files/etc/crontab"
    sed -i 's/^25 6[[:space:]]\+\* \* \*/@every 1s/' "$files/etc/crontab"
    printf '#!/bin/sh\necho daily >/srv/daily\n' >"$files/etc/cron.daily/ours"
    chmod 755 "$files/etc/cron.daily/ours"
    for user in root alice bob; do
        check "a job of the table of $user runs as $user" eventually says "user.$user" "^$user\$"
        check "with the table's variables" eventually says "env.$user" '^LC_X=a b$'
    done
    check "in the home of its user" says env.alice '^/home/alice$'
    check "a job of /etc/crontab runs" eventually says system.root '^root$'
    check "a job of /etc/cron.d runs as the user that it names" eventually says cron.d.bob '^bob$'
    check "cron.daily runs, through run-parts" eventually says daily '^daily$'
    rm "$files/etc/cron.d/bobs" "$files/etc/cron.daily/ours"
    sed -i 's/^@every.*//' "$files/etc/crontab"
    table root '# none'
    table bob '# none'
}

# keys WORD...: to alice's terminal.
keys() { as alice one "tmux send-keys -t t $(printf '%q ' "$@")"; }
screen_shows() { as alice one 'tmux capture-pane -p -t t' | grep -E -- "$1" >/dev/null; }
edit() {
    table alice '0 5 * * * echo to be edited'
    as alice one 'EDITOR=nano tmux new-session -d -s t -x 100 -y 30'
    keys 'crontab -e; echo status=$?' Enter
    check "crontab -e shows the table in the user's editor" eventually screen_shows 'echo to be edited'
    keys C-k 'CRON_SECONDS=yes' Enter '* * * * * 0-7 echo edited >/srv/edited' Enter C-o
    check "crontab -e: the editor saves it" eventually screen_shows 'File Name to Write'
    keys Enter
    check "crontab -e: and has it saved" eventually screen_shows 'Wrote [0-9]+ lines'
    keys C-x
    check "crontab -e ends well" eventually screen_shows 'status=0'
    check "the edited table runs" eventually says edited '^edited$'
    check "crontab -l shows it" as alice one "crontab -l | grep -q 'echo edited'"
    keys 'exit' Enter
    check "crontab -r removes it" as alice one 'yes | crontab -r'
    check "and says so then" as alice one "! crontab -l 2>said && grep -q 'no crontab for alice' said"
}

reload() {
    local before
    before=$(main_pid)
    echo '{"pools": {"reloaded": 2}, "no-such-setting": 1}' >"$files/etc/crond.json"
    check "systemctl reload works" on systemctl reload cron
    check "settings are read again" eventually logged 'no-such-setting'
    check "it is the same process" test "$(main_pid)" = "$before"
    rm "$files/etc/crond.json"
    on systemctl reload cron
}

crash() {
    local before
    on mkfifo -m 666 /srv/crash.end
    table alice CRON_OVERLAP=forbid "@every 1s $(long_job crash)"
    table bob '@every 1s echo $CRON_DUE >>/srv/dues'
    eventually noted crash
    eventually noted dues
    before=$(main_pid)
    on kill -KILL "$before"
    restarted() { local now; now=$(main_pid); ((now > 0 && now != before)) && is_ours; }
    check "after kill -9 systemd starts it again" eventually restarted
    check "a run that lived through it is adopted" eventually logged 'adopted|still running as pid'
    check "it is not started again while it lives" test "$(wc -l <"$files/srv/crash")" = 1
    rm "$files/var/spool/cron/crontabs/alice"
    echo >"$files/srv/crash.end"
    check "its end comes" eventually noted crash.ended
    lines=$(wc -l <"$files/srv/dues")
    more() { (($(wc -l <"$files/srv/dues") > lines)); }
    check "other jobs go on" eventually more
    check "nothing ran twice" test -z "$(sort "$files/srv/dues" | uniq -d)"
    table bob '# none'
}

upgrade() {
    local tree=$work/second version before
    dpkg-deb -R "$package" "$tree"
    version=$(sed -n 's/^Version: //p' "$tree/DEBIAN/control")
    sed -i "s/^Version: .*/Version: $version+second/" "$tree/DEBIAN/control"
    dpkg-deb -Zgzip -z1 --build --root-owner-group "$tree" "$files/root/second.deb" >/dev/null
    on mkfifo -m 666 /srv/upgrade.end
    table alice CRON_OVERLAP=forbid "@every 1s $(long_job upgrade)"
    table bob '@every 1s echo $CRON_DUE >>/srv/upgrade.dues'
    eventually noted upgrade
    eventually noted upgrade.dues
    before=$(main_pid)
    check "an upgrade of the package" apt_get install -y /root/second.deb
    check "is installed" test "$(on dpkg-query -W -f '${Version}' belfry)" = "$version+second"
    check "the service is active after it" eventually on systemctl is-active --quiet cron
    check "the daemon of the new version runs as the same process" test "$(main_pid)" = "$before"
    check "no deleted program runs" is_ours
    check "a run that lived is not started again" test "$(wc -l <"$files/srv/upgrade")" = 1
    rm "$files/var/spool/cron/crontabs/alice"
    echo >"$files/srv/upgrade.end"
    check "its end comes" eventually noted upgrade.ended
    lines=$(wc -l <"$files/srv/upgrade.dues")
    more() { (($(wc -l <"$files/srv/upgrade.dues") > lines)); }
    check "jobs go on" eventually more
    check "nothing ran twice" test -z "$(sort "$files/srv/upgrade.dues" | uniq -d)"
    check "no second was left out" no_gap upgrade.dues
    table bob '# none'
}

# The due times in /srv/NAME, one a second, have none missing between first and last.
no_gap() {
    local first last count
    first=$(date -d "$(head -n 1 "$files/srv/$1")" +%s)
    last=$(date -d "$(tail -n 1 "$files/srv/$1")" +%s)
    count=$(wc -l <"$files/srv/$1")
    ((count == last - first + 1)) || { echo "$count of $((last - first + 1))"; cat "$files/srv/$1"; return 1; }
}

journal_lines() {
    table bob '@every 1s exit 3 #journal'
    check "the journal has the line of Debian's cron for a start" eventually logged '\(bob\) CMD \(exit 3 #journal\)'
    check "and one for the end, with status and duration" eventually logged '\(bob\) END \(exit 3 #journal .*status 3'
    check "the facility is cron's" test -n "$(journal -t CRON SYSLOG_FACILITY=9 -n 1)"
    check "and what it tells is in fields" test -n "$(journal CRON_EVENT=run-ended CRON_USER=bob CRON_STATUS=3 -n 1)"
    table bob '# none'
}

mail() {
    table alice '@every 1s echo from the job: Grüße; exit 4' 'LC_ALL=C.UTF-8'
    local box=$files/var/mail/alice
    arrived() { grep -q 'from the job' "$box"; }
    check "mail arrives in the mailbox of the user" eventually arrived
    table alice '# none'
    local header
    for header in '^From: .*root@one.example.org' '^To: alice' '^Subject: Cron <alice@one' '^Date: ' '^Message-I[Dd]: ' \
        '^Auto-Submitted: auto-generated' '^MIME-Version: 1.0' '^Content-Type: text/plain' '^X-Cron-Env: <LOGNAME=alice>'; do
        check "with the header $header" grep -qE "$header" "$box"
    done
}

control_groups() {
    local controllers
    controllers=$(on cat /sys/fs/cgroup/cgroup.controllers)
    if [[ ! " $controllers " =~ \ cpu\ .*memory\ .*pids ]]; then
        say "left out: limits (cgroup v2 has only '$controllers' here)"
        return
    fi
    table alice 'CRON_PIDS=20' 'CRON_MEMORY=32M' 'CRON_CPU=50%' \
        '@every 1s cd /sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup) && cat pids.max memory.max cpu.max >/srv/limits' \
        '@every 1s tail /dev/zero; echo $? >/srv/oom'
    check "CRON_PIDS is set" eventually says limits '^20$'
    check "CRON_MEMORY is set" says limits '^33554432$'
    check "CRON_CPU is set" says limits '^50000 100000$'
    check "a run beyond its memory is ended, and that is said" eventually logged 'run-out-of-memory|out of memory'
    table alice '# none'
}

pam() {
    echo 'alice hard nofile 333' >"$files/etc/security/limits.d/alice.conf"
    echo 'FROM_PAM=yes' >>"$files/etc/environment"
    table alice '@every 1s (cat /proc/self/loginuid; echo; ulimit -Hn; env) >/srv/pam'
    check "PAM sets the login uid" eventually says pam '^1000$'
    check "PAM sets limits" eventually says pam '^333$'
    check "PAM sets variables" eventually says pam '^FROM_PAM=yes$'
    table alice '# none'
}

reboot_once() {
    : >"$files/srv/reboot"
    table root '@reboot echo once >>/srv/reboot'
    shut_down one || die "one does not shut down"
    boot one
    check "after a boot the service is active" on systemctl is-active --quiet cron
    check "@reboot ran once in this boot" eventually has_lines 1 reboot
}

purge() {
    table alice '0 5 * * * echo of alice'
    check "the package can be removed" apt_get remove -y belfry
    check "the service is gone" test -z "$(on pgrep -x 'crond?')"
    check "tables are kept" test -s "$files/var/spool/cron/crontabs/alice"
    check "and purged" on dpkg --purge belfry
    check "nothing of it is left in /etc" test -z "$(on find /etc -name 'crond*' -o -name cron.service)"
    check "tables are kept then, too" test -s "$files/var/spool/cron/crontabs/alice"
}

make_machine one
boot one
chmod 1777 "$files/srv"
on useradd --create-home --shell /bin/bash alice
on useradd --create-home --shell /bin/bash bob
parts=("${@:2}")
((${#parts[@]})) || parts=(jobs edit reload crash upgrade journal_lines mail control_groups pam reboot_once purge)
for part in debian_before install "${parts[@]}"; do
    printf -- '--- %s, after %s s\n' "$part" "$SECONDS"
    "$part"
done
finish
