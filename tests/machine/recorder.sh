#!/bin/sh
# In the place of a job's shell on the machines of compare_test.sh: writes down how it was started, a line
# "job, aspect, value" a fact, and prints something for the mail. What it was to run is not run.
own=/proc/$$
# Before a descriptor of our own is opened; 10 is this script, and that of the folder is closed by then.
descriptors=
for fd in "$own"/fd/*; do
    if [ -L "$fd" ] && [ "${fd##*/}" != 10 ]; then descriptors="$descriptors${fd##*/} "; fi
done
streams=$(for fd in 0 1 2; do printf '%s ' "$(readlink "$own/fd/$fd" | sed 's/[0-9][0-9]*/N/g')"; done)
input=$(od -An -c -v | tr -d '\n')
given=$(printf '%s\n' "$@" | cat -A | tr '\n' ' ')
job=$(printf '%s' "$given$input" | md5sum | cut -c1-12)
record=/srv/records/$(id -un).$$
exec 3>"$record.new"
fact() { printf '%s\t%s\t%s\n' "$job" "$1" "$2" >&3; }

fact arguments "$given"
fact 'standard input' "$input"
fact 'descriptors' "$descriptors"
fact 'standard streams' "$streams"
fact 'working directory' "$(readlink "$own/cwd")"
tr '\0' '\n' <"$own/environ" | while IFS= read -r variable; do
    fact "environment ${variable%%=*}" "${variable#*=}"
done
grep -E '^(Uid|Gid|Groups|Umask|Sig[IBC].*|Cap.*|NoNewPrivs|Seccomp):' "$own/status" | while read -r name value; do
    fact "status ${name%:}" "$value"
done
sed '1d; s/   */\t/g' "$own/limits" | while IFS='	' read -r name soft hard _; do
    fact "limit ${name% }" "$soft $hard"
done
# shellcheck disable=SC2046  # the fields
set -- $(sed 's/.*) //' "$own/stat")
fact 'leads its process group and session' "$(($3 == $$)) $(($4 == $$))"
fact 'nice value, controlling terminal' "${17} $5"
fact 'oom_score_adj' "$(cat "$own/oom_score_adj")"
fact 'login uid' "$(cat "$own/loginuid")"
fact 'control group' "$(sed -n 's/^0:://p' "$own/cgroup")"
mv "$record.new" "$record"
echo "printed by $job"
echo "printed to standard error" >&2
