#!/bin/sh
# The init script, with a real crond on a root of its own: init_test.sh SCRIPT CROND
set -u

script=$1
crond=$2
folder=$(mktemp -d)
failures=0

if [ ! -r /lib/lsb/init-functions ] || ! PATH=/sbin:/usr/sbin:$PATH command -v start-stop-daemon >/dev/null; then
    echo "skipped: there are no init-functions or no start-stop-daemon here"
    rmdir "$folder"
    exit 77
fi

init() { sh "$folder/cron" "$@" >"$folder/said" 2>&1; }
pid() { cat "$folder/run/crond.pid"; }

end() {
    init stop
    rm -rf "$folder"
}
trap end EXIT

# expect STATUS RULE ARGUMENT...: the script with these arguments ends with this status.
expect() {
    expected=$1
    rule=$2
    shift 2
    init "$@"
    check "$rule" [ $? -eq "$expected" ]
}

# check RULE COMMAND...
check() {
    rule=$1
    shift
    if "$@"; then return; fi
    echo "broken: $rule ($*)"
    cat "$folder/said"
    failures=$((failures + 1))
}

mkdir -p "$folder/run" "$folder/etc" "$folder/var/spool/cron/crontabs"
chmod 755 "$folder"
printf 'LANG="xx_TEST.UTF-8"\nPATH=/elsewhere\n' >"$folder/environment"
cat >"$folder/default" <<END
DAEMON=$crond
PIDFILE=$folder/run/crond.pid
ENVIRONMENT=$folder/environment
READ_ENV=yes
EXTRA_OPTS="--root $folder"
END
sed "s|^DEFAULTS=.*|DEFAULTS=$folder/default|" "$script" >"$folder/cron"

expect 2 "without an argument it prints its usage"
check "the usage names the actions" grep -q 'start|stop|restart' "$folder/said"
expect 2 "what it does not know gets its usage" frobnicate
expect 2 "more than one action gets its usage" start stop

expect 3 "status: 3 where none runs" status
expect 0 "stop: nothing to stop is no failure" stop
expect 7 "reload: 7 where none runs" reload
expect 7 "force-reload: 7 where none runs" force-reload
expect 0 "try-restart: nothing to restart is no failure" try-restart
expect 3 "try-restart starts nothing" status

expect 0 "start: 0 when the tables are loaded" start
expect 0 "status: 0 while it runs" status
check "start: the language is that of the files" \
    sh -c "tr '\\0' '\\n' </proc/$(pid)/environ | grep -qx 'LANG=xx_TEST.UTF-8'"
check "start: no other variable is read" \
    sh -c "! tr '\\0' '\\n' </proc/$(pid)/environ | grep -qx 'PATH=/elsewhere'"
first=$(pid)
expect 0 "start: one that runs is no failure" start
check "start: one that runs stays" [ "$(pid)" = "$first" ]
expect 0 "reload: 0 while it runs" reload
expect 0 "force-reload: 0 while it runs" force-reload
check "reload: it goes on" [ "$(pid)" = "$first" ]
expect 0 "restart: 0 when the next one runs" restart
check "restart: it is another process" [ "$(pid)" != "$first" ]
second=$(pid)
expect 0 "try-restart: 0 when the next one runs" try-restart
check "try-restart: it is another process" [ "$(pid)" != "$second" ]
third=$(pid)
expect 0 "stop: 0 when it has ended" stop
check "stop: its process is gone" sh -c "! readlink /proc/$third/exe"
expect 3 "status: 3 after a stop" status

sh -c 'echo $$' >"$folder/run/crond.pid"
expect 1 "status: 1 where it died and left its pid" status
expect 0 "start: a pid that was left behind is no hindrance" start
kill -KILL "$(pid)"
flock --timeout 60 "$folder/run/crond.pid" true
expect 1 "status: 1 after it was killed" status
echo $$ >"$folder/run/crond.pid"
expect 0 "stop: a pid that is now another's is left alone" stop
expect 0 "restart: starts where none runs" restart
expect 0 "status: 0 after that" status
expect 0 "stop: and stops" stop

echo "DAEMON=$folder/none" >>"$folder/default"
expect 0 "start: a package that was removed is no failure" start
expect 4 "status: 4 for a package that was removed" status

[ $failures -eq 0 ]
