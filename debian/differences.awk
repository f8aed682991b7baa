# What a table says that Debian's cron understands in another way, without any of the two finding fault with it.
# user_column: 1 for a table of the system.
function say(what) { printf "%s:%d: %s\n", FILENAME, FNR, what }

FNR == 1 && sub(/^\357\273\277/, "") {
    say("begins with a byte order mark, which is skipped; Debian's cron ignores such a table")
}
/\r$/ && !has_returns++ {
    say("ends with a carriage return, which is dropped; in Debian's cron it belongs to the command")
}
/^[ \t]*(#|$)/ { next }
/^[ \t]*["']?(CRON_[A-Z_]+|RANDOM_DELAY)["']?[ \t]*=/ {
    say("a setting of crond; Debian's cron hands it to the jobs, and does nothing else")
    next
}
/^[ \t]*[A-Za-z_"'][A-Za-z0-9_"']*[ \t]*=/ { next }
{
    command = ($1 ~ /^@/ ? 2 : 6) + user_column
    if ($1 !~ /^@/ && ($1 $2 $3 $4 $5) ~ /~/)
        say("'~' chooses a value of the range; Debian's cron takes the first one")
    if ($1 !~ /^@/ && tolower($5) ~ /([1-6]|mon|tue|wed|thu|fri|sat)-(0|sun)/)
        say("the range ends on Sunday; Debian's cron never runs it")
    if ($command ~ /^-[nqs]+$/)
        say("'" $command "' is an option of the entry; Debian's cron takes it for the command")
}
