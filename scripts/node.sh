#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Installs a folder's locked npm packages, once: scripts/node.sh FOLDER
set -eu
cd "$1"
want="$(sha256sum <package-lock.json) $(node --version)"
if [ "$(cat node_modules/.stamp 2>/dev/null)" = "$want" ]; then
    exit 0
fi
echo "node: installing the packages of $1" >&2
npm ci --silent --no-audit --no-fund --ignore-scripts
printf '%s\n' "$want" >node_modules/.stamp
