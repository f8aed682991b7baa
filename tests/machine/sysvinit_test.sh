#!/usr/bin/env bash
# Our package over Debian's cron on a machine with sysvinit, and its init script: run.sh sysvinit PACKAGE.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/machine/machine.bash
. "$here/machine.bash"
package=${1:?the package is the second argument}

on() { in_machine one "$@"; }
files=$work/one/root
pid() { on cat /run/crond.pid; }
runs() { [[ $(on readlink "/proc/$(pid)/exe") == /usr/sbin/crond ]]; }
is_gone() { ! on pgrep -x 'crond?' >/dev/null; }  # by either of its names
ends_with() {
    local wanted=$1 status=0
    shift
    "$@" || status=$?
    ((status == wanted)) || { echo "status $status, not $wanted"; return 1; }
}
service() { on service cron "$@"; }
shows_usage() { [[ $(on /etc/init.d/cron 2>&1 || true) == *[Uu]sage* ]]; }
noted() { [[ -s $files/srv/$1 ]]; }
more() { (($(wc -l <"$files/srv/$1") > lines)); }

make_machine one
boot one
chmod 1777 "$files/srv"
on rsyslogd  # it has no init script any more
check "sysvinit is the first process" test "$(on cat /proc/1/comm)" = init
check "Debian's cron is there first" on pgrep -x cron
cp "$package" "$files/root/belfry.deb"
check "apt-get installs the package" on env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 \
    -o APT::Sandbox::User=root install -y /root/belfry.deb
check "our crond runs" eventually runs
check "it starts at boot" test -n "$(find "$files/etc/rc2.d" -name 'S*cron')"
on mkfifo -m 666 /srv/end
# shellcheck disable=SC2016
printf '%s\n' '@every 1s root echo $CRON_DUE >>/srv/dues' 'CRON_OVERLAP=forbid' \
    '@every 1s root echo $CRON_RUN >>/srv/long; read line </srv/end; echo >/srv/ended' >"$files/etc/cron.d/ours"
check "jobs run" eventually noted dues
eventually noted long

check "status of a daemon that runs" service status
check "start of a daemon that runs is no error" service start
first=$(pid)
check "reload" service reload
check "force-reload" service force-reload
check "keeps the process" test "$(pid)" = "$first"
check "restart" service restart
check "starts another process" eventually runs
check "which is not the first" test "$(pid)" != "$first"
check "a run that lives is not started again" test "$(wc -l <"$files/srv/long")" = 1
check "try-restart" service try-restart
check "stop" service stop
check "it is stopped" eventually is_gone
check "stop of a daemon that is stopped is no error" service stop
check "status says 3 then" ends_with 3 service status
check "try-restart starts nothing then" service try-restart
check "and nothing runs" is_gone
check "start" service start
check "it runs" eventually runs
check "without arguments the script tells its usage" shows_usage
lines=$(wc -l <"$files/srv/dues")
check "jobs go on" eventually more dues
echo >"$files/srv/end"
check "the run that lived ends" eventually noted ended
check "nothing ran twice" test -z "$(sort "$files/srv/dues" | uniq -d)"
# It is told to end by then, but may not have done so: its lock goes with it.
check "kill -9" on sh -c 'pid=$(cat /run/crond.pid); kill -9 "$pid"; while kill -0 "$pid" 2>/dev/null; do :; done'
check "and start" on service cron start
check "runs again, past a stale pidfile" eventually runs
check "the syslog has the lines of Debian's cron" eventually grep -qE 'CRON\[[0-9]+\]: \(root\) CMD \(' "$files/var/log/syslog"

shut_down one || die "one does not shut down"
: >"$files/srv/dues"
boot one
check "after a boot it runs" eventually runs
check "with its jobs" eventually noted dues
# The mailer wants a cron.
check "purge" on dpkg --force-depends --purge belfry
check "nothing runs after it" is_gone
check "no link of the init script is left" test -z "$(find "$files"/etc/rc?.d -name '*cron')"
finish
