# SPDX-License-Identifier: Apache-2.0
"""The library as it is installed: found by pkg-config, used by programs that
know nothing of this source: the examples that the header and the README give,
and one that judges a live server's report and receipt."""
import json
import os
import re
import secrets
import shutil
import subprocess
import time

import pytest

from proof import sha256
from server import BUILD, ROOT, SANITIZED, run

VECTORS = ROOT / "tests/vectors"
CASES = VECTORS / "tdx/cases"
WARNINGS = ["-std=c17", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
NEEDS = "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <time.h>\n"
READ = """
static size_t read_file(const char *path, char *to, size_t max)
{
    FILE *f = fopen(path, "rb");
    size_t n = f == NULL ? 0 : fread(to, 1, max, f);
    if (f != NULL)
        fclose(f);
    return n;
}
static char file[1 << 20], quote[1 << 20];
"""


class Installed:
    """A tree like the one that `make install` makes, somewhere else."""

    def __init__(self, folder):
        self.folder = folder
        subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", folder],
                       check=True, capture_output=True)
        [self.lib] = {p.parent for p in folder.rglob("libaver.so")}
        self.env = {**os.environ, "PKG_CONFIG_SYSROOT_DIR": str(folder),
                    "PKG_CONFIG_PATH": str(self.lib / "pkgconfig")}

    def pkg_config(self, *args):
        return subprocess.run(["pkg-config", *args, "aver"], env=self.env, check=True,
                              capture_output=True, text=True).stdout.split()

    def compile(self, source, *more, static=False, compiler=None):
        program = source.with_suffix(".static" if static else ".shared")
        libs = self.pkg_config("--static", "--libs") if static else self.pkg_config("--libs")
        if static:  # our archive, everybody else's shared library
            libs = ["-l:libaver.a" if x == "-laver" else x for x in libs]
        sanitizers = ["-fsanitize=address,undefined"] if SANITIZED else []
        r = subprocess.run([compiler or ("clang-14" if SANITIZED else "gcc"), *more, *sanitizers, "-o", program,
                            source, *self.pkg_config("--cflags"), *libs], capture_output=True, text=True)
        assert r.returncode == 0, r.stderr
        return program

    def run(self, program, *args):
        env = {**os.environ, "LD_LIBRARY_PATH": str(self.lib)}
        return subprocess.run([str(program), *map(str, args)], env=env, capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    return Installed(tmp_path_factory.mktemp("installed"))


def version():
    return json.loads(run("version", "--json").out)["version"]


def test_what_is_installed(installed):
    names = {str(p.relative_to(installed.folder / "usr/local")) for p in installed.folder.rglob("*")
             if not p.is_dir()}
    lib = str(installed.lib.relative_to(installed.folder / "usr/local"))
    assert names >= {"include/aver.h", f"{lib}/libaver.a", f"{lib}/libaver.so", f"{lib}/libaver.so.0",
                     f"{lib}/pkgconfig/aver.pc", "share/man/man3/aver.3", "share/man/man1/aver.1", "bin/aver"}
    assert [n for n in names if n.startswith("include/")] == ["include/aver.h"]


def test_pkg_config_says_what_is_needed(installed):
    assert installed.pkg_config("--modversion") == [version()]
    assert [x for x in installed.pkg_config("--libs") if x.startswith("-l")] == ["-laver"]
    assert {"-lcrypto", "-ljansson", "-lsecp256k1", "-lsodium"} <= set(installed.pkg_config("--static", "--libs"))


def test_the_program_does_without_the_library():
    """`aver` links the rooms themselves."""
    r = subprocess.run(["readelf", "-d", BUILD / "aver"], capture_output=True, text=True, check=True)
    assert "libcrypto" in r.stdout and "libaver" not in r.stdout


def expected(case):
    return json.loads((CASES / case / "expected.json").read_text())


def example_program(folder):
    """The lines of the header's comment, as they stand there, in a main."""
    header = (ROOT / "include/aver.h").read_text()
    lines = re.search(r"( \*     struct aver_policy \*policy.*?aver_policy_free\(policy\);)", header, re.S).group(1)
    source = folder / "example.c"
    source.write_text(f"""#include <aver.h>
{NEEDS}{READ}
static time_t now; /* instead of the clock: the evidence is old */
#define time(x) (now)
int main(int argc, char **argv)
{{
    if (argc != 4)
        return 9;
    now = (time_t)atoll(argv[1]);
    size_t file_size = read_file(argv[2], file, sizeof(file));
    size_t quote_size = read_file(argv[3], quote, sizeof(quote));
""" + lines.replace(" *     ", "    ") + "\n    return 0;\n}\n")
    return source


@pytest.mark.parametrize("static", [False, True], ids=["shared", "static"])
def test_example_of_the_header(installed, tmp_path, static):
    program = installed.compile(example_program(tmp_path), *WARNINGS, static=static)

    def says(case, quote="quote.bin"):
        e = expected(case)
        r = installed.run(program, e["now"], CASES / case / e["collateral"], CASES / case / quote)
        assert r.returncode == 0 and r.stderr == "", r.stderr
        return r.stdout

    good = "real-20a06f-uptodate"
    assert says(good) == f"genuine, mrtd {expected(good)['fields']['mr_td']}\n"
    assert says("mut-d1-quote-sig-r") == "not trusted: QUOTE_SIG\n"
    assert says("real-debug-td") == "not trusted: DEBUG\n"
    assert says(good, "no-such-file").startswith("could not judge: ")


def test_example_of_the_readme(installed, tmp_path):
    """A function, which a program around it calls."""
    readme = (ROOT / "README.md").read_text()
    function = re.search(r"## The library in 15 lines\n.*?```c\n(.*?)```", readme, re.S).group(1)
    body = function[function.index("{\n"):]
    assert body.count("\n") <= 17  # fifteen, and two braces
    source = tmp_path / "readme.c"
    source.write_text(f"""{NEEDS}{function}{READ}
int main(int argc, char **argv)
{{
    uint8_t nonce[32];
    if (argc != 4)
        return 9;
    memset(nonce, 0x5a, sizeof(nonce));
    size_t n = read_file(argv[2], quote, sizeof(quote));
    size_t m = read_file(argv[3], file, sizeof(file));
    return is_trusted(atoll(argv[1]), nonce, quote, n, file, m) ? 0 : 1;
}}
""")
    program = installed.compile(source, *WARNINGS)
    exchange = VECTORS / "exchange"
    r = installed.run(program, 1780272000, exchange / "report.json", exchange / "endorsements.json")
    # The simulator made it: nobody trusts that without saying so.
    assert r.returncode == 1 and r.stdout.startswith("report: tdx.pck_chain: "), r.stdout
    r = installed.run(program, 1780272000, "no-such-file", exchange / "endorsements.json")
    assert r.returncode == 1 and r.stdout.startswith("could not judge: ")


def test_a_cplusplus_program(installed, tmp_path):
    source = tmp_path / "user.cc"
    source.write_text("""#include <aver.h>
#include <cstdio>
int main() { std::puts(aver_library_version()); }
""")
    r = installed.run(installed.compile(source, "-std=c++17", "-Wall", "-Werror", compiler="clang++-14"))
    assert r.stdout.strip() == version()


@pytest.fixture(scope="module")
def roots(tmp_path_factory):
    """The simulator's, from the source; the library does not have them."""
    folder = tmp_path_factory.mktemp("roots")
    for name, file in (("simulator_root_pem", "simulator_pki.c"),
                       ("simulator_gpu_root_pem", "simulator_pki_gpu.c"),
                       ("simulator_rim_root_pem", "simulator_pki_rim.c")):
        text = (ROOT / "src/attest" / file).read_text()
        literal = re.search(rf'{name}\[\] =\s*((?:"[^"]*"\s*)+);', text).group(1)
        (folder / name).write_text("".join(re.findall(r'"([^"]*)"', literal)).replace("\\n", "\n"))
    return [folder / f"simulator_{name}pem" for name in ("root_", "gpu_root_", "rim_root_")]


def test_a_live_exchange(installed, tmp_path, start, engine, roots):
    """Report, receipt and the bytes of an exchange, judged by a stranger's
    program; then with another answer, and another nonce."""
    aver = start(gpu="none")
    nonce = secrets.token_hex(32)
    answer = aver.chat(stream=True)
    request = engine.last().body
    source = tmp_path / "exchange.c"
    shutil.copy(ROOT / "tests/e2e/exchange.c", source)
    program = installed.compile(source, *WARNINGS)
    files = {"report": aver.report("nonce=" + nonce).body,
             "receipt": aver.signature(answer["X-Request-Id"]).body,
             "endorsements": run("attest", "--endorsements", "--tee", "simulator").stdout}
    for name, body in files.items():
        (tmp_path / name).write_bytes(body)

    def judge(nonce, response):
        return installed.run(program, int(time.time()), nonce, sha256(request), sha256(response),
                             tmp_path / "report", tmp_path / "receipt", tmp_path / "endorsements", *roots)

    r = judge(nonce, answer.body)
    assert r.stdout == ("report VERIFIED (SIMULATED)\nreceipt VERIFIED (SIMULATED)\n"
                        f"signer {aver.address}\n"), r.stdout + r.stderr
    assert r.returncode == 0
    r = judge(nonce, answer.body + b"\n")
    assert "receipt REFUSED" in r.stdout and "receipt.response_hash" in r.stdout and r.returncode == 1
    r = judge(secrets.token_hex(32), answer.body)
    assert "report REFUSED" in r.stdout and "report: report.fresh" in r.stdout and r.returncode == 1
