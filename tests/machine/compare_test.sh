#!/usr/bin/env bash
# The same tables under Debian's cron and under ours, side by side on two machines: run.sh compare PACKAGE. Real
# tables, all of their entries due every minute; a recorder in the place of their shells. Tells what is not the same.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/machine/machine.bash
. "$here/machine.bash"
package=${1:?the package is the second argument}
corpus=${BELFRY_SHARED_DIR:-$here/../../../shared}/corpus/user
[[ -d $corpus ]] || die "no tables at $corpus"
numbers=(001 002 005 006 007 008 010 013 014 015 016 017 018 020 021 023 024 026 028 030
    031 036 039 042 043 046 047 050 051 054 055 056 057 059 063 064 065 071 072 073)

# The table on stdin with all entries but @reboot due every minute, and the recorder as every shell.
adapted() {
    local table
    table=$(cat && echo .)  # the end of the last line matters
    grep -qE '^[[:space:]]*SHELL[[:space:]]*=' <<<"$table" || echo 'SHELL=/rec/bin/sh'
    printf %s "${table%.}" | sed -E \
        -e 's#^([[:space:]]*SHELL[[:space:]]*=[[:space:]]*"?)/#\1/rec/#' \
        -e 's/^([[:space:]]*)@(hourly|daily|midnight|weekly|monthly|yearly|annually)/\1* * * * */' \
        -e 's/^([[:space:]]*)([0-9*][^[:space:]=]*[[:space:]]+)([^[:space:]]+[[:space:]]+){4}/\1* * * * * /'
}

# prepare NAME: users, recorder, letterbox and tables, with no cron running.
prepare() {
    local name=$1 files=$work/$1/root number user shell
    in_machine "$name" systemctl stop cron
    install -d -m 1777 "$files/srv/records" "$files/srv/letters"
    for shell in bin/sh bin/bash bin/dash; do
        install -D -m 755 "$here/recorder.sh" "$files/rec/$shell"
    done
    rm "$files/usr/sbin/sendmail"
    install -m 755 "$here/letterbox.sh" "$files/usr/sbin/sendmail"
    for number in "${numbers[@]}"; do
        user=t$number
        echo "$user:*:3$number:3$number::/home/$user:/bin/bash" >>"$files/etc/passwd"
        echo "$user:x:3$number:" >>"$files/etc/group"
        install -d -o "3$number" -g "3$number" "$files/home/$user"
        adapted <"$(echo "$corpus/$number"-*)" >"$files/var/spool/cron/crontabs/$user"
        in_machine "$name" chown "$user:crontab" "/var/spool/cron/crontabs/$user"
        chmod 600 "$files/var/spool/cron/crontabs/$user"
    done
    # The machine's own tables, and what has run in this boot.
    rm -f "$files"/etc/crontab "$files"/etc/cron.d/* "$files/run/crond.reboot"
    in_machine "$name" rm -f /run/crond.reboot
}

# facts NAME: "user job aspect value" of all that the machine has recorded.
facts() {
    local files=$work/$1/root record letter
    shopt -s nullglob
    for record in "$files"/srv/records/*; do
        sed "s/^/$(basename "$record" | cut -d. -f1)\t/" "$record"
    done
    for letter in "$files"/srv/letters/*; do
        awk -v OFS='\t' -v user="$(basename "$letter" | cut -d. -f1)" '
            /printed by/ { job = $3 }
            NR == 1 { fact["mailer arguments"] = $0 }
            NR == 2 { fact["mailer user"] = $0 }
            NR == 3 { fact["mailer working directory"] = $0 }
            NR > 3 && !body {
                if ($0 == "") { body = 1; next }
                name = $1
                if (name == "X-Cron-Env:") { name = name " " substr($2, 1, index($2, "=")) }
                order = order " " name
                fact["mail header " name] = substr($0, length($1) + 2)
                next
            }
            body { text = text $0 "|" }
            END {
                fact["mail header order"] = order
                fact["mail body"] = text
                for (name in fact) { print user, job, name, fact[name] }
            }' "$letter"
    done
    # What the log says of starts, the same lines together.
    in_machine "$1" journalctl --no-pager --output=cat --facility=cron --since "$since" |
        sed -nE 's/^\((t[0-9]+)\) CMD \((.*)\)$/\1\t\2/p' |
        while IFS=$'\t' read -r user command; do printf '%s\tlog\tCMD (%s)\tthere\n' "$user" "$command"; done
}

# The same job twice in a table has its facts twice: numbered, in order of all.
numbered() { sort | awk -F'\t' -v OFS='\t' '{ key = $1 FS $2 FS $3; print $1, $2 "." ++count[key], $3, $4 }'; }

for name in debian belfry; do
    make_machine "$name"
    # Names are part of what is compared.
    echo machine >"$work/$name/root/etc/hostname"
    printf '127.0.0.1 localhost\n127.0.1.1 machine.example.org machine\n' >"$work/$name/root/etc/hosts"
    echo machine.example.org >"$work/$name/root/etc/mailname"
    boot "$name"
done
cp "$package" "$work/belfry/root/root/belfry.deb"
in_machine belfry env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 -o APT::Sandbox::User=root \
    install -y /root/belfry.deb >&2 || die "the package cannot be installed"
for name in debian belfry; do prepare "$name"; done

# One full minute for both.
while (($(date +%-S) > 50)); do sleep 0.2; done
since=$(date '+%Y-%m-%d %H:%M:%S')
for name in debian belfry; do in_machine "$name" systemctl start cron; done
minute=$(date +%-M)
while (($(date +%-M) == minute)); do sleep 0.2; done
# Nothing tells the end of the last job of Debian's cron: until nothing has come for five seconds.
count() { find "$work"/*/root/srv/records "$work"/*/root/srv/letters | wc -l; }
last=-1
while (($(count) != last)) && (($(date +%-S) < 50)); do
    last=$(count)
    sleep 5
done
for name in debian belfry; do
    in_machine "$name" systemctl stop cron
    facts "$name" | numbered >"$work/$name/facts"
done

jobs() { awk -F'\t' '$3 == "arguments" { print $1, $2, $4 }' "$work/$1/facts"; }
tables() { jobs "$1" | cut -d' ' -f1 | sort -u | wc -l; }
printf 'tables: %s; with jobs that started: %s under Debian'\''s cron, %s under ours\n' \
    "${#numbers[@]}" "$(tables debian)" "$(tables belfry)"
printf 'jobs that started: %s under Debian'\''s cron, %s under ours, %s under both\n' \
    "$(jobs debian | wc -l)" "$(jobs belfry | wc -l)" "$(comm -12 <(jobs debian | sort) <(jobs belfry | sort) | wc -l)"
# A carriage return at the end of a command, and with it the number of the job, is no difference here.
commands() { jobs "$1" | cut -d' ' -f1,3- | sed 's/\^M\$ /$ /' | sort; }
check "ours starts all that Debian's starts, as often" test -z "$(comm -23 <(commands debian) <(commands belfry))"
comm -23 <(jobs debian | sort) <(jobs belfry | sort) | sed "s/^/only under Debian's cron: /"
comm -13 <(jobs debian | sort) <(jobs belfry | sort) | sed 's/^/only under ours: /'

for number in "${numbers[@]}"; do
    grep -q "^t$number.*arguments" "$work/debian/facts" "$work/belfry/facts" || echo "nothing of it started: $number"
done

# Of jobs that both started: each aspect, in how many it is the same, and one example where it is not.
awk -F'\t' '
    FNR == 1 { file++ }
    file <= 2 && $3 == "arguments" { started[file, $1, $2] = 1; served[file, $1] = 1 }
    file > 2 {
        split($2, job, ".")
        is_log = $2 ~ /^log/
        if (is_log && !((1, $1) in served && (2, $1) in served)) { next }
        if (!is_log && !((1, $1, $2) in started && (2, $1, $2) in started)) { next }
        key = $1 FS $2 FS $3
        value[file - 2, key] = $4
        seen[key] = $2 ~ /^log/ ? "line CMD in the log" : $3
    }
    END {
        for (key in seen) {
            aspect = seen[key]
            left = ((1, key) in value) ? "\"" value[1, key] "\"" : "none"
            right = ((2, key) in value) ? "\"" value[2, key] "\"" : "none"
            if (left == right) { same[aspect]++; continue }
            other[aspect]++
            if (!(aspect in example)) { example[aspect] = left " | " right }
        }
        for (aspect in same) { if (!(aspect in other)) { printf "same in all %d: %s\n", same[aspect], aspect } }
        for (aspect in other) {
            printf "differs in %d of %d: %s: %s\n", other[aspect], other[aspect] + same[aspect], aspect, example[aspect]
        }
    }' "$work/debian/facts" "$work/belfry/facts" "$work/debian/facts" "$work/belfry/facts" | sort
finish
