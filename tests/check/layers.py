# SPDX-License-Identifier: Apache-2.0
"""A room includes only rooms below it.

    programs    serve      cli
    backends    attest     notary
    engines     net    |   verify      (neither knows the other)
    tools            crypto
    ground           base
"""
import re

from source import SRC, c_files, name

BELOW = {
    "base": set(),
    "crypto": {"base"},
    "net": {"base", "crypto"},
    "verify": {"base", "crypto"},
    "notary": {"base", "crypto", "net"},
    "attest": {"base", "crypto", "net", "verify"},
    "serve": {"base", "crypto", "net", "verify", "notary", "attest"},
    "cli": {"base", "crypto", "net", "verify", "notary", "attest"},
}
# Single headers that a room may read besides: whom the attester asks for an
# address, and how `aver serve` is reached from main.
DOORS = {("attest", "notary/message.h"), ("cli", "serve/serve.h")}

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def includes():
    for path in c_files("src"):
        for target in INCLUDE.findall(path.read_text()):
            yield path, path.relative_to(SRC).parts[0], target


def test_every_room_has_a_row():
    rooms = {p.name for p in SRC.iterdir() if p.is_dir() and any(p.glob("*.c"))}
    assert rooms <= set(BELOW), f"rooms without a row: {rooms - set(BELOW)}"


def test_includes_are_written_from_src():
    bad = [f"{name(p)}: \"{t}\"" for p, _, t in includes()
           if "/" not in t and t != "aver.h" or ".." in t]
    assert not bad, "\n".join(bad)


def test_rooms_include_only_rooms_below():
    seen, bad = 0, []
    for path, room, target in includes():
        other = target.split("/")[0]
        if other == room or target == "aver.h":
            continue
        seen += 1
        if other not in BELOW[room] and (room, target) not in DOORS:
            bad.append(f"{name(path)}: {room} must not include \"{target}\"")
    assert seen > 20, "hardly any include found: is this check still reading?"
    assert not bad, "\n".join(bad)


def test_library_knows_no_program():
    """base, crypto and verify are libaver: no sockets, clock or environment."""
    banned = re.compile(r"\b(socket|connect|getenv|secure_getenv|time|clock_gettime"
                        r"|gettimeofday|fopen|fork|exec[lv]p?e?)\s*\(")
    from source import code, line_of
    bad = []
    for path in c_files("src/verify"):
        text = code(path)
        bad += [f"{name(path)}:{line_of(text, m.start())}: {m.group(1)}"
                for m in banned.finditer(text)]
    assert not bad, "\n".join(bad)
