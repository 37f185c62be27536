#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Sets a build folder up if there is none, and builds one target, or all, in it:
#   [TARGET=NAME] scripts/build.sh FOLDER [MESON OPTION...]
# Quiet unless something is wrong; the output is kept in FOLDER.log.
set -eu
cd "$(dirname "$0")/.."
folder=$1
shift
log=$folder.log

quietly() {
    if ! "$@" >"$log" 2>&1; then
        cat "$log" >&2
        exit 1
    fi
}

if [ ! -f "$folder/build.ninja" ]; then
    rm -rf "$folder"
    quietly meson setup "$folder" "$@"
fi
# Not by `meson compile`: in version 1.0 it does not know alias targets.
quietly ninja -C "$folder" ${TARGET:+"$TARGET"}
rm -f "$log"
