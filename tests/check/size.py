# SPDX-License-Identifier: Apache-2.0
"""Functions and files that stay small enough to read, heads that say what a
file is, and one layout for all of it."""
import re
import subprocess

from source import ROOT, c_files, name

FOLDERS = ("src", "include", "tests/unit", "tests/fuzz")
FUNCTION_MAX, FILE_MAX = 80, 600
# What the head of a longer file must say, with the reason behind it.
REASON = re.compile(r"\bOver 600 lines\b", re.I)


def functions(text):
    """(first line, lines) of each function: by our layout its brace stands
    alone in the first column, and so does the one that closes it."""
    start = None
    for n, line in enumerate(text.split("\n"), 1):
        if line == "{":
            start = n
        elif line == "}" and start is not None:
            yield start, n - start - 1
            start = None


def test_functions_are_short():
    seen, bad = 0, []
    for path in c_files(*FOLDERS):
        for start, length in functions(path.read_text()):
            seen += 1
            if length > FUNCTION_MAX:
                bad.append(f"{name(path)}:{start}: {length} lines")
    assert seen > 100, "hardly any function found: is this check still reading?"
    assert not bad, "\n".join(bad)


def test_files_are_short():
    bad = []
    for path in c_files(*FOLDERS):
        text = path.read_text()
        lines = text.count("\n")
        head = "\n".join(text.split("\n")[:25])
        if lines > FILE_MAX and not REASON.search(head):
            bad.append(f"{name(path)}: {lines} lines, and no reason in its head")
    assert not bad, "\n".join(bad)


def test_heads():
    """SPDX first, then what the file is."""
    bad = []
    for path in c_files(*FOLDERS):
        text = path.read_text()
        if not text.startswith("/* SPDX-License-Identifier: Apache-2.0\n *\n * "):
            bad.append(f"{name(path)}: no SPDX line and head comment")
    for path in [*ROOT.glob("scripts/*"), *ROOT.glob("tests/**/*.py"),
                 *ROOT.glob("contrib/**/*"), *ROOT.glob("man/*.[135]")]:
        if path.is_file() and "node_modules" not in path.parts and \
                "SPDX-License-Identifier: Apache-2.0" not in path.read_text()[:300]:
            bad.append(f"{name(path)}: no SPDX line")
    assert not bad, "\n".join(bad)


def test_layout():
    """clang-format decides."""
    files = [str(p) for p in c_files(*FOLDERS)]
    r = subprocess.run(["clang-format-14", "--dry-run", "-Werror", *files],
                       capture_output=True, text=True)
    bad = [line for line in r.stderr.split("\n") if "error:" in line]
    assert r.returncode == 0, "\n".join(bad[:40]) or r.stderr
