#!/bin/sh
# The layering check finds each kind of planted violation and is content with what is allowed.
# Usage: check_test.sh CHECK
set -eu
check=${1:?usage: check_test.sh CHECK}
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0

# A small clean tree, anew.
reset() {
    rm -rf "$tree/src" "$tree/tests"
    mkdir -p "$tree/src/base" "$tree/src/engine" "$tree/src/ledger" "$tree/src/daemon" "$tree/tests/engine" "$tree/tests/sim"
    cat >"$tree/src/engine/engine.cc" <<'END'
#include "engine/engine.h"

#include <vector>

#include "base/error.h"
#include "crontab/table.h"
// No time() here, and no <unistd.h>.
/* getenv("TZ") neither,
   nor rand() */
int next_time(int time) { return run_time(time) + zone.time(0); }
END
    echo '#include <unistd.h>' >"$tree/src/base/unique_fd.cc"
    printf '#include <sys/stat.h>\n#include "engine/event.h"\n' >"$tree/src/ledger/store.cc"
    printf '#include "ledger/store.h"\n#include <thread>\n' >"$tree/src/daemon/loop.cc"
}

# The check must pass (`clean`) or name the planted file (`caught`) after `line` was added to it.
expect() {
    verdict=$1 file=$2 line=$3
    reset
    mkdir -p "$tree/$(dirname "$file")"
    echo "$line" >>"$tree/$file"
    output=$(sh "$check" "$tree" 2>&1) && seen=clean || seen=caught
    case $verdict$seen$output in
        cleanclean | caughtcaught"$file":* | caughtcaught"$(dirname "$file")":*) ;;
        *)
            echo "wanted $verdict for '$line' in $file, but it was $seen: $output"
            failures=$((failures + 1))
            ;;
    esac
}

expect clean src/engine/engine.cc ''
expect clean src/engine/engine.cc '#include <chrono>  // system_clock::now'
expect clean src/daemon/loop.cc '#include "engine/engine.h"'
expect clean src/daemon/loop.cc 'auto now = std::chrono::system_clock::now();'
expect clean src/ledger/store.cc '#include <nlohmann/json.hpp>'
expect clean src/preview/chart.cc '#include "engine/engine.h"'
expect clean src/ctl/next.cc '#include "preview/chart.h"'
expect clean src/edit/desk.cc '#include "control/message.h"'

expect caught src/base/text.cc '#include "engine/run.h"'
expect caught src/engine/engine.cc '#include "ledger/store.h"'
expect caught src/engine/engine.cc '#  include "daemon/loop.h"'
expect caught src/ledger/store.cc '#include "zones/load.h"'
expect caught src/ledger/store.cc '#include "crontab/table.h"'
expect caught src/daemon/loop.cc '#include "programs/crond.h"'
expect caught src/preview/chart.cc '#include "spool/tables.h"'
expect caught src/preview/chart.cc 'auto now = time(nullptr);'
expect caught src/ctl/next.cc '#include "daemon/loop.h"'
expect caught src/daemon/loop.cc '#include "ctl/next.h"'
expect caught src/edit/desk.cc '#include "ctl/output.h"'
expect caught src/engine/engine.cc '#include "../daemon/loop.h"'
expect caught src/ledger/store.h '#include <nlohmann/json.hpp>'
expect caught src/extra/extra.cc 'int extra;'
expect caught tests/extra/extra_test.cc 'int extra;'
for header in unistd.h fcntl.h sys/stat.h time.h thread mutex random fstream iostream; do
    expect caught src/engine/engine.h "#include <$header>"
done
expect caught src/base/text.cc 'auto zone = std::getenv("TZ");'
expect caught src/base/text.cc 'auto now = time(nullptr);'
expect caught src/base/text.cc 'auto now = ::time (nullptr);  // why not'
expect caught src/base/text.cc 'int x; /* a */ clock_gettime(CLOCK_REALTIME, &now);'
expect caught src/engine/engine.cc 'auto now = std::chrono::system_clock::now();'
expect caught src/engine/engine.cc 'auto now = steady_clock::now();'
expect caught src/engine/engine.cc 'int chance = rand();'

exit "$((failures > 0))"
