#!/bin/sh
# Enforces the layers of src/: who may include whom, and that base to engine, preview and compat have no effects.
# Usage: check.sh TREE, a folder that holds src/ and tests/. Prints FILE:LINE: and the rule that is broken; exits 1.
set -eu
cd "${1:?usage: check.sh TREE}"

core='base calendar schedule crontab engine'
pure="$core preview compat"
shared='zones process ledger mail spool control cluster preview compat'
folders="$core $shared daemon ctl edit programs"
tests_beside_folders='sim system container bench fuzz layering machine'

# What the folder $1 may include besides itself.
allowed() {
    case $1 in
        base) ;;
        calendar) echo base ;;
        schedule) echo base calendar ;;
        crontab) echo base calendar schedule ;;
        engine) echo base calendar schedule crontab ;;
        zones) echo base calendar ;;
        process | mail | control | cluster) echo base engine ;;
        ledger) echo base calendar engine ;;
        spool) echo base crontab engine ;;
        preview | compat) echo "$core" ;;
        daemon | ctl | edit) echo "$core $shared" ;;
        programs) echo "$folders" ;;
    esac
}

is_one_of() {
    case " $2 " in *" $1 "*) return 0 ;; esac
    return 1
}

# The sources below $1 as FILE:LINE:TEXT, without comments; strings stay.
code() {
    find "$1" -type f \( -name '*.h' -o -name '*.cc' -o -name '*.c' \) -exec awk '
        FNR == 1 { inside = 0 }
        {
            text = $0
            if (inside) {
                if (!match(text, /\*\//)) next
                text = substr(text, RSTART + 2)
                inside = 0
            }
            sub(/\/\/.*/, "", text)
            while (match(text, /\/\*/)) {
                head = substr(text, 1, RSTART - 1)
                rest = substr(text, RSTART + 2)
                if (match(rest, /\*\//)) {
                    text = head " " substr(rest, RSTART + 2)
                } else {
                    text = head
                    inside = 1
                }
            }
            if (text ~ /[^ \t]/) printf "%s:%d:%s\n", FILENAME, FNR, text
        }' {} +
}

# Lines of FILE:LINE:TEXT become FILE:LINE: $1: TEXT.
report() { sed -E "s|^([^:]*:[0-9]+:)[[:space:]]*|\\1 $1: |"; }

# A project header that the folder $1 may not include, or one that is not named from src/.
foreign_includes() {
    may=$(echo "$1" "$(allowed "$1")" | tr ' ' '|')
    code "src/$1" | grep -E ':[0-9]+:[[:space:]]*#[[:space:]]*include[[:space:]]*"' |
        grep -Ev "\"($may)/[^/\"]*\"" | report "$1/ may not include this"
}

headers='unistd|fcntl|sys/[a-z_]+|linux/[a-z_]+|dirent|grp|poll|pthread|pwd|sched|semaphore|signal|spawn|syslog|time'
library='condition_variable|ctime|filesystem|fstream|future|iostream|mutex|random|semaphore|shared_mutex|stop_token|thread'
calls='(secure_)?getenv|setenv|time|clock_gettime|gettimeofday|localtime(_r)?|mktime|tzset|s?rand|random|[fp]open|syslog|kill|raise|fork|sleep_(for|until)'

# unique_fd.cc closes descriptors, which is what the class is for.
effects() {
    code "src/$1" | grep -v '^src/base/unique_fd\.cc:' |
        grep -E "#[[:space:]]*include[[:space:]]*<(($headers)\\.h|$library)>|(^|[^A-Za-z0-9_.>])($calls)[[:space:]]*\\(|_clock::now" |
        report "$1/ is pure"
}

check() {
    for path in src/*/; do
        folder=$(basename "$path")
        if ! is_one_of "$folder" "$folders"; then
            echo "src/$folder: a folder without a layer"
            continue
        fi
        foreign_includes "$folder"
        if is_one_of "$folder" "$pure"; then effects "$folder"; fi
    done
    for path in tests/*/; do
        folder=$(basename "$path")
        is_one_of "$folder" "$tests_beside_folders" || [ -d "src/$folder" ] ||
            echo "tests/$folder: no such folder in src/"
    done
    code src | grep -E '^[^:]*\.h:[0-9]+:.*include.*nlohmann' |
        report 'json in a header costs every includer 1.8 s'
}

found=$(check || true)
if [ -n "$found" ]; then
    echo "$found"
    exit 1
fi
