# SPDX-License-Identifier: Apache-2.0
"""Functions that nobody may call here, and comparisons that would tell time
about a secret."""
import re

from source import c_files, code, line_of, name

FOLDERS = ("src", "include", "tests/unit", "tests/fuzz")
BANNED = re.compile(
    r"(?<![\w.>])(strcpy|stpcpy|strcat|strncat|sprintf|vsprintf|gets|atoi|atol"
    r"|atoll|atof|strtok|system|popen|mktemp|tmpnam|alloca|rand"
    r"|srand|random)\s*\(")
# An argument with one of these words in it is held to be a secret.
COMPARE = re.compile(r"(?<!\w)(memcmp|strcmp|strncmp|strcasecmp)\s*\(([^;]*?)\)\s*"
                     r"(?=[;!=<>)&|?,])", re.S)
SECRET = re.compile(r"secret|token|passw|bearer|seed|priv|scalar|_key\b|\bkey\b"
                    r"|hmac|\bmac\b|_tag\b", re.I)
PUBLIC = re.compile(r"/\*[^*]*\bpublic\b", re.I)


def found(pattern):
    for path in c_files(*FOLDERS):
        text = code(path)
        for m in pattern.finditer(text):
            yield path, line_of(text, m.start()), m


def test_banned_functions():
    bad = [f"{name(p)}:{n}: {m.group(1)}" for p, n, m in found(BANNED)]
    assert not bad, "\n".join(bad)


def test_no_plain_comparison_of_secrets():
    """Secrets are compared in constant time. A comparison whose names sound
    like one but is not says so in a comment on its line: /* public: ... */"""
    bad = []
    for path, n, m in found(COMPARE):
        if "tests" in path.parts or not SECRET.search(m.group(2)):
            continue
        lines = path.read_text().split("\n")
        if not any(PUBLIC.search(line) for line in lines[max(0, n - 2):n]):
            bad.append(f"{name(path)}:{n}: {' '.join(m.group().split())}")
    assert not bad, "\n".join(bad)


def test_the_patterns_find_what_they_look_for():
    assert BANNED.search("x = strcpy(a, b);")
    assert not BANNED.search("x = my_strcpy(a, b); y->system(1);")
    m = COMPARE.search("if (memcmp(token, given, n) == 0)")
    assert m and SECRET.search(m.group(2))
    m = COMPARE.search("if (memcmp(nonce, given, n) == 0)")
    assert m and not SECRET.search(m.group(2))
