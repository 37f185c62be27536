#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What `make test` has no time for: gcc and clang, each with sanitizers, as a
# release and with coverage, and the unit tests once under valgrind.
set -euo pipefail
cd "$(dirname "$0")/.."

job() { # COMPILER KIND MESON OPTION...
    local cc=$1 kind=$2 folder=build-matrix-$1-$2
    shift 2
    echo "== $cc, $kind"
    CC=$cc scripts/build.sh "$folder" "$@"
    UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
        meson test -C "$folder" --suite unit --print-errorlogs --quiet
}

for cc in gcc clang-14; do
    job $cc sanitizers --buildtype=debug -Db_sanitize=address,undefined -Db_lundef=false
    job $cc release --buildtype=release
    job $cc coverage --buildtype=debug -Db_coverage=true
done

echo "== gcc, valgrind"
scripts/build.sh build-matrix-valgrind --buildtype=debugoptimized
meson test -C build-matrix-valgrind --suite unit --print-errorlogs --quiet \
    --timeout-multiplier 20 \
    --wrapper 'valgrind -q --error-exitcode=99 --leak-check=full'
