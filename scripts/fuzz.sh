#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds the libFuzzer harnesses and runs each for some seconds, as many at a
# time as there are cores, starting from its corpus:
#   scripts/fuzz.sh SECONDS [NAME...]
# What a harness starts from stands in tests/fuzz/corpora. New inputs stay in
# build-fuzz/corpus; an input that broke something is left in build-fuzz/broken.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=$1
shift

TARGET=harnesses CC=clang-14 scripts/build.sh build-fuzz -Dfuzz=true \
    -Dc_args=-fsanitize=fuzzer-no-link -Db_sanitize=address,undefined \
    -Db_lundef=false
mkdir -p build-fuzz/broken

corpus_of() { # NAME: folders or files of vectors it starts from
    awk -v n="$1" '!/^#/ && $1 == n { for (i = 2; i <= NF; i++) print $i }' \
        tests/fuzz/corpora
}

one() { # NAME
    local name=$1 found=build-fuzz/corpus/$1 log=build-fuzz/$1.log seeds
    mkdir -p "$found"
    mapfile -t seeds < <(corpus_of "$name")
    if [ ${#seeds[@]} -eq 0 ]; then
        echo "fuzz: no corpus named for $name in tests/fuzz/corpora"
        return 1
    fi
    if ! UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
        "build-fuzz/tests/fuzz/fuzz_$name" -max_total_time="$seconds" \
        -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="build-fuzz/broken/$name-" \
        "$found" "${seeds[@]}" >"$log" 2>&1; then
        tail -40 "$log"
        echo "fuzz: $name FAILED"
        return 1
    fi
    awk -v n="$name" '/stat::number_of_executed_units/ { print "fuzz:", n, $2, "inputs" }' "$log"
}
export -f one corpus_of
export seconds

if [ $# -eq 0 ]; then
    for f in build-fuzz/tests/fuzz/fuzz_*; do
        [ -f "$f" ] && [ -x "$f" ] && set -- "$@" "${f##*/fuzz_}"
    done
fi
if [ $# -eq 0 ]; then
    echo "fuzz: no harness was built" >&2
    exit 1
fi
printf '%s\n' "$@" | xargs -P "$(nproc)" -I{} bash -c 'one {}'
