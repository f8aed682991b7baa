# Of what cronctl check prints: the errors, each with the lines that belong to it.
/: (error|warning): / || /^cronctl: / {
    shown = / error: / || /^cronctl: error: /
    refused = refused || / error: /
}
shown { print }
END {
    if (refused)
        print "The other lines of these tables run; Debian's cron ignores a table with an error as a whole."
}
