# SPDX-License-Identifier: Apache-2.0
"""What the checks in this folder share: where the source is, and how to read C
without its comments and strings."""
import functools
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
SRC = ROOT / "src"

_LEX = re.compile(
    r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def c_files(*folders):
    """All C files and headers under these folders of the repository."""
    found = [p for f in folders for p in sorted((ROOT / f).rglob("*.[ch]"))]
    assert found, f"no C file under {folders}"
    return found


def name(path):
    return str(path.relative_to(ROOT))


@functools.lru_cache(maxsize=None)
def code(path):
    """The text with comments and what is inside quotes blanked, line numbers
    kept."""
    def blank(m):
        kept = m.group()[0] if m.group()[0] in "\"'" else " "
        return kept + re.sub(r"[^\n]", " ", m.group()[1:-1]) + kept
    return _LEX.sub(blank, path.read_text())


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1
