#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The whole of `make test`, stage by stage, with the seconds each took:
#   scripts/test.sh all | STAGE...
# Stages: prepare unit checks e2e asan fuzz. `all` is all of them in an order
# that fails early. Stops at the first stage that fails.
set -euo pipefail
cd "$(dirname "$0")/.."

py=.venv-test/bin/python
results=build/results
fuzz_seconds=${FUZZ_SECONDS:-5}
# Two at a time even on one core: most of these tests wait most of the time.
jobs=${E2E_JOBS:-$(($(nproc) > 2 ? $(nproc) : 2))}
table=()

stage() { # NAME COMMAND...
    local name=$1 start=$SECONDS
    shift
    echo "== $name"
    if ! "$@"; then
        table+=("$(printf '%-34s %5d s  FAILED' "$name" $((SECONDS - start)))")
        summary
        exit 1
    fi
    table+=("$(printf '%-34s %5d s' "$name" $((SECONDS - start)))")
}

summary() {
    echo "== seconds per stage"
    printf '%s\n' "${table[@]}"
    printf '%-34s %5d s\n' total $SECONDS
}

dependencies() {
    scripts/deps.sh build demo test
    scripts/venv.sh .venv-test requirements-test.txt
    scripts/venv.sh .venv-demo requirements-demo.txt --no-deps
    scripts/node.sh tests/e2e/node
}

plain() { scripts/build.sh build -Doptimization=2 -Ddebug=false; }
# The plain build is gcc's; this one is clang's, whose UBSan sees more, so that
# both compilers' warnings are errors here.
sanitized() {
    CC=clang-14 scripts/build.sh build-asan --buildtype=debugoptimized \
        -Db_sanitize=address,undefined -Db_lundef=false
}

unit() { # BUILD
    # halt_on_error: a finding of UBSan fails the test like one of ASan.
    UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
        meson test -C "$1" --suite unit --print-errorlogs --quiet
}

checks() {
    $py -m pytest -q -p no:cacheprovider tests/check \
        --junitxml=$results/check.xml
}

e2e() { # BUILD
    # Roles that hold keys forbid tracing, which LeakSanitizer needs: leaks are
    # looked for by the unit tests, the rest here.
    AVER_BUILD=$1 ASAN_OPTIONS=detect_leaks=0 \
        UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
        $py -m pytest -q -p no:cacheprovider -n "$jobs" --dist loadgroup \
        --durations=5 tests/e2e --junitxml="$results/e2e-$1.xml"
}

run() { # STAGE
    case $1 in
    prepare)
        stage "packages and environments" dependencies
        stage "build" plain
        mkdir -p $results
        ;;
    unit) stage "unit tests" unit build ;;
    checks) stage "checks of the source" checks ;;
    e2e) stage "end to end" e2e build ;;
    asan)
        stage "build with ASan and UBSan" sanitized
        stage "unit tests, ASan and UBSan" unit build-asan
        stage "end to end, ASan and UBSan" e2e build-asan
        ;;
    fuzz) stage "fuzzing, $fuzz_seconds s each" scripts/fuzz.sh "$fuzz_seconds" ;;
    *)
        echo "test.sh: no stage \"$1\"" >&2
        exit 2
        ;;
    esac
}

[ "${1:-all}" = all ] && set -- prepare unit checks fuzz e2e asan
for s in "$@"; do run "$s"; done
summary
$py scripts/tally.py build build-asan
