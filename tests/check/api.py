# SPDX-License-Identifier: Apache-2.0
"""The public header, the list of symbols, the manual page and the library say
the same; the header stands alone; the library does no I/O."""
import os
import re
import subprocess

import pytest

from source import ROOT

HEADER = ROOT / "include/aver.h"
MAN = ROOT / "man/aver.3"
BUILD = ROOT / os.environ.get("AVER_BUILD", "build")
TEXT = HEADER.read_text()
CODE = re.sub(r"/\*.*?\*/", "", TEXT, flags=re.S)
FUNCTION = re.compile(
    r"^(?:AVER_MUST_CHECK\s+)?((?:const\s+)?(?:struct\s+|enum\s+)?\w+[\s*]+)"
    r"(aver_\w+)\s*\(([^)]*)\);", re.M)
LIST_ARGUMENT = re.compile(r'^\.Fa (?:"([^"]*)"|(\S+))$', re.M)


def plain(text):
    """A type or a parameter, however it is broken into lines."""
    return re.sub(r"\s*\*\s*", " *", " ".join(text.split())).replace("* *", "**").strip()


def prototypes():
    return {name: (plain(result), [plain(a) for a in arguments.split(",")])
            for result, name, arguments in FUNCTION.findall(CODE)}


def symbols():
    text = re.sub(r"/\*.*?\*/", "", (ROOT / "src/verify/aver.sym").read_text(), flags=re.S)
    shown = re.fullmatch(r"\s*AVER_0 \{\s*global:(.*?)local:\s*\*;\s*\};\s*", text, re.S).group(1)
    return [s.strip() for s in shown.split(";") if s.strip()]


def nm(*args):
    lines = subprocess.run(["nm", *map(str, args)], capture_output=True, text=True,
                           check=True).stdout.split("\n")
    return [line.split() for line in lines if line and not line.endswith(":")]


def test_the_pattern_misses_no_function():
    assert sorted(prototypes()) == sorted(re.findall(r"\b(aver_\w+)\s*\(", CODE))
    assert len(prototypes()) > 30


def test_the_list_of_symbols():
    assert symbols() == list(prototypes()), "aver.sym: the functions of aver.h, in its order"


def test_the_library_shows_what_the_header_declares():
    shown = {f[2].split("@")[0] for f in nm("-D", "--defined-only", BUILD / "libaver.so")}
    assert shown - {"AVER_0"} == set(prototypes())


def test_the_archive_shows_no_foreign_names():
    names = {f[-1] for f in nm("-g", "--defined-only", BUILD / "libaver.a")}
    assert set(prototypes()) <= names
    assert [n for n in sorted(names) if not n.startswith("aver_")] == []


def test_manual_has_every_prototype():
    text = MAN.read_text()
    found = {}
    for result, name, body in re.findall(
            r'^\.Ft "?([^"\n]+)"?\n\.Fo (\w+)\n(.*?)^\.Fc$', text, re.M | re.S):
        found[name] = (plain(result), [plain(a or b) for a, b in LIST_ARGUMENT.findall(body)])
    assert found == prototypes()
    assert list(found) == re.findall(r"^\.Nm (\w+)", text, re.M)


def test_manual_has_every_constant_and_member():
    text = MAN.read_text()
    constants = [c for body in re.findall(r"\benum \w+ \{(.*?)\}", CODE, re.S)
                 for c in re.findall(r"\bAVER_\w+", body)]
    assert len(constants) > 15
    assert [c for c in constants if not re.search(rf"\b{c}\b", text)] == []
    finding = re.search(r"struct aver_finding \{(.*?)\}", CODE, re.S).group(1)
    members = re.findall(r"(\w+);", finding)
    shown = re.findall(r"\w+", " ".join(re.findall(r"^\.It Va (.*)$", text, re.M)))
    assert len(members) > 5 and shown == members


def test_header_explains_every_function():
    """A comment right before it; what it returns, unless that is nothing."""
    for result, name, _ in FUNCTION.findall(CODE):
        before = TEXT[:re.search(rf"\b{name}\s*\(", TEXT.split("extern \"C\"", 1)[1]).start()
                      + TEXT.index("extern \"C\"") + len("extern \"C\"")]
        comment = before.rsplit("/*", 1)[1]
        words, rest = comment.split("*/", 1)
        if name.endswith("_free"):
            continue
        assert rest.count(";") == 0, f"{name}: no comment of its own"
        assert result.strip() == "void" or "Returns" in words, name


def test_header_is_short_and_knows_no_other_library():
    assert TEXT.count("\n") < 400
    assert re.findall(r"#include (.*)", CODE) == ["<stdbool.h>", "<stddef.h>", "<stdint.h>"]
    assert not re.search(r"\bEVP_|\bX509|\bjson_t|\bsecp256k1_|\bOSSL_|\bFILE\b|\btime_t\b", CODE)


@pytest.mark.parametrize("compiler, language, standard", [
    ("gcc", "c", "c11"), ("gcc", "c", "c17"), ("clang-14", "c", "c11"), ("clang-14", "c++", "c++17"),
    ("clang-14", "c++", "c++20")])
def test_header_stands_alone(tmp_path, compiler, language, standard):
    """Twice, and with every warning that a user may have switched on."""
    source = tmp_path / "user.c"
    source.write_text("#include <aver.h>\n#include <aver.h>\n"
                      "const char *f(void);\nconst char *f(void) { return aver_library_version(); }\n")
    r = subprocess.run([compiler, "-x", language, f"-std={standard}", "-Wall", "-Wextra", "-Wpedantic",
                        "-Werror", "-Wshadow", "-Wundef", "-fsyntax-only", "-I", HEADER.parent, source],
                       capture_output=True, text=True)
    assert r.returncode == 0, r.stderr


def example(text):
    """The lines from the first handle made to the last one freed."""
    return re.search(r"struct aver_policy \*policy = .*?aver_policy_free\(policy\);", text, re.S).group()


def test_manual_has_the_headers_example():
    header = re.sub(r"^ \*     ?", "", example(TEXT), flags=re.M)
    manual = example(MAN.read_text()).replace("\\e", "\\")
    assert [line.strip() for line in manual.split("\n")] == \
        [line.strip() for line in header.split("\n")]
    assert header.count("\n") < 15


# What a library without I/O, clock and environment has no need of.
OUTSIDE = re.compile(
    r"(f?open(at|64)?|creat|f(read|write|puts|printf|close)|read|write|p?readv?|printf|puts|putchar|mmap|stat|"
    r"socket|connect|bind|listen|accept|send|recv|poll|select|epoll_\w+|getaddrinfo|"
    r"(secure_)?getenv|setenv|time|clock|clock_gettime|gettimeofday|localtime(_r)?|gmtime(_r)?|"
    r"getpid|fork|v?fork|exec\w+|system|popen|dlopen|pthread_\w+|signal|sigaction|exit|syslog)")
RANDOM = {"random.c.o"}  # may draw it: the curve's context is blinded


def objects():
    found = [o for room in ("base", "crypto", "verify")
             for o in (BUILD / "src" / room).rglob("*.o")]
    assert len(found) > 50, f"no objects in {BUILD}"
    return found


def test_library_does_no_io():
    bad, random = [], set()
    for o in objects():
        for f in nm("-u", o):
            if OUTSIDE.fullmatch(f[-1]):
                bad.append(f"{o.name}: {f[-1]}")
            if f[-1] == "getrandom":
                random.add(o.name)
    assert not bad, "\n".join(bad)
    assert random <= RANDOM, random
    assert OUTSIDE.fullmatch("clock_gettime") and not OUTSIDE.fullmatch("timegm_of")


def test_library_has_no_globals():
    """Nothing that can be written: no variable in .data or .bss of any object.
    (Constants that hold addresses are in .data.rel.ro.)"""
    table = subprocess.run(["objdump", "-t", *map(str, objects())], capture_output=True, text=True,
                           check=True).stdout
    variables = re.findall(r"^[0-9a-f]+ .{6}O (\S+)\s+[0-9a-f]+ (.*)$", table, re.M)
    assert len(variables) > 60, "hardly any constant found: is this check still reading?"
    writable = [v for v in variables
                if not v[0].startswith((".rodata", ".data.rel.ro"))]
    assert writable == []
