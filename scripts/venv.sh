#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Makes a Python environment of pinned and hashed packages, once:
#   scripts/venv.sh FOLDER REQUIREMENTS [PIP OPTION...]
# A second run with the same requirements does nothing.
set -eu
folder=$1 requirements=$2
shift 2
want="$(sha256sum <"$requirements") $(python3 -V) $*"
if [ -x "$folder/bin/python" ] && "$folder/bin/python" -c '' 2>/dev/null &&
    [ "$(cat "$folder/stamp" 2>/dev/null)" = "$want" ]; then
    exit 0
fi
echo "venv: making $folder from $requirements" >&2
rm -rf "$folder"
python3 -m venv "$folder"
"$folder/bin/python" -m pip install -q --disable-pip-version-check \
    --no-input --require-hashes -r "$requirements" "$@"
printf '%s\n' "$want" >"$folder/stamp"
