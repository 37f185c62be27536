#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Installs what is missing of the Debian packages in packages.txt:
#   scripts/deps.sh SECTION...
# Says nothing and takes no time when all is there. As root, or with sudo;
# otherwise it names the command to run.
set -eu
cd "$(dirname "$0")/.."

wanted() { # SECTION: its lines, comments taken off
    sed -e 's/#.*//' packages.txt | awk -v s="[$1]" \
        'NF && /^\[/ { on = ($1 == s); next } NF && on { print $1, $2 }'
}

here=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' 2>/dev/null |
    sed -n 's/^installed //p')

installed() { # PACKAGE COMMAND
    if [ -n "${2:-}" ] && command -v "$2" >/dev/null 2>&1; then
        return 0
    fi
    printf '%s\n' "$here" | grep -qxF "$1"
}

missing() { # SECTION...
    for section in "$@"; do
        wanted "$section" | while read -r package command; do
            installed "$package" "$command" || echo "$package"
        done
    done
}

for section in "$@"; do
    if ! grep -qxF "[$section]" packages.txt; then
        echo "deps: no section [$section] in packages.txt" >&2
        exit 2
    fi
done
need=$(missing "$@" | sort -u | tr '\n' ' ')
[ -n "$need" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "deps: not a Debian; please install what stands for: $need" >&2
    exit 1
fi
as=
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
        echo "deps: as root: apt-get install $need" >&2
        exit 1
    fi
    as=sudo
fi
echo "deps: installing $need" >&2
export DEBIAN_FRONTEND=noninteractive
install() {
    # shellcheck disable=SC2086
    $as apt-get install -qq -y --no-install-recommends $need >/dev/null
}
install 2>/dev/null || { $as apt-get update -qq && install; } || true

here=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p')
need=$(missing "$@" | sort -u | tr '\n' ' ')
if [ -n "$need" ]; then
    echo "deps: could not install: $need" >&2
    exit 1
fi
