# SPDX-License-Identifier: Apache-2.0
"""The documents say what the program does: the table of settings, --help and
the man page name the same settings; man pages are well formed; what the README
and the man page tell people to type exists."""
import os
import re
import subprocess

from source import ROOT

PROGRAM = ROOT / os.environ.get("AVER_BUILD", "build") / "aver"


def run(*args):
    return subprocess.run([str(PROGRAM), *args], capture_output=True, text=True, timeout=20)


def settings_of_help():
    text = run("serve", "--help").stdout
    names = re.findall(r"^[* ] --([a-z-]+) \S+ {2,}", text, re.M)
    assert len(names) > 20, text
    return [n for n in names if n != "config"]  # it names the file itself


def test_man_page_has_every_setting():
    man = (ROOT / "man/aver.conf.5").read_text()
    assert re.findall(r"^\.It Cm ([a-z-]+) Ar", man, re.M) == settings_of_help()


def test_print_config_has_every_setting():
    said = run("serve", "--print-config", "--engine", "http://127.0.0.1:1").stdout
    names = re.findall(r"^(?:# )?([a-z-]+) ", said, re.M)
    assert [n for n in names if n != "tokens"] == settings_of_help()


def test_man_page_is_what_its_script_writes():
    made = subprocess.run(["python3", str(ROOT / "scripts/man-conf.py"), str(PROGRAM)],
                          capture_output=True, text=True, check=True).stdout
    assert made == (ROOT / "man/aver.conf.5").read_text()


def test_man_pages_are_well_formed():
    r = subprocess.run(["mandoc", "-Tlint", "-Wwarning",
                        *sorted(map(str, (ROOT / "man").glob("aver*")))], capture_output=True, text=True)
    assert r.stdout == "" and r.returncode == 0, r.stdout


def test_helps_fit_a_screen():
    for verb in ("serve", "chat", "endorse", "attest", "explain", "version", "verify"):
        r = run(verb, "--help")
        assert r.returncode == 0 and r.stderr == "", verb
        assert 0 < len(r.stdout.splitlines()) <= 70, verb


def test_man_page_names_the_options_of_the_clients():
    man = (ROOT / "man/aver.1").read_text()
    for call in (["verify", "http://x"], ["verify", "report"], ["verify", "receipt"], ["verify", "eventlog"], ["verify", "quote"],
                 ["chat"], ["endorse"]):
        options = re.findall(r"^  --([a-z-]+)", run(*call, "--help").stdout, re.M)
        assert options, call
        for o in options:
            if o not in ("help",):
                assert f"Fl -{o}" in man, (call, o)


def test_readme_names_targets_that_exist():
    make = (ROOT / "Makefile").read_text()
    for target in re.findall(r"\bmake ([a-z]+)\b", (ROOT / "README.md").read_text()):
        assert re.search(rf"^{target}:", make, re.M), target
    for path in re.findall(r"\]\(([^)#]+)\)", (ROOT / "README.md").read_text()):
        assert (ROOT / path).exists(), path


def test_every_state_of_gpus_is_told():
    words = re.findall(r'\[(?:GPU|SWITCH)_\w+\] =\s+{"(\w+)"', (ROOT / "src/attest/gpu_status.c").read_text())
    assert len(words) > 40
    said = (ROOT / "docs/PROTOCOL.md").read_text()
    assert [w for w in words if f"`{w}`" not in said] == []


def test_every_cause_about_gpus_is_listed():
    """What `reason` may say of GPUs stands in VERIFYING, and nothing else does."""
    code = {path.name: path.read_text() for path in (ROOT / "src/verify").glob("*.c")
            if re.search("gpu|rim|spdm|opaque|revocation|nras", path.name)}
    said = set()
    for text in code.values():
        for pattern in (r'aver_flaw\(\s*[^",]*,\s*"([a-z_:]+)"', r'cause = "(\w+)"', r'because\(why, "(\w+)"\)',
                        r'"(rim_[a-z_:]*[a-z])"', r'DEVICE_ROW\([^)]*?"(\w+)"\)',
                        r'\{"(?:gpu|nras)[^"]*", AVER_\w+, true, "(\w+)"', r'return "(cert_format)"', r'\? "(chain_length)" : "(pem)"'):
            for found in re.findall(pattern, text):
                said.update((found,) if isinstance(found, str) else found)
    section = (ROOT / "docs/VERIFYING.md").read_text().split("### Causes")[1].split("\n###")[0]
    listed = set(re.findall(r"`(\w+)`", section)) | {"rim_chain:" + w for w in re.findall(r"`(\w+)`", section)}
    assert len(said) > 80 and {"pem", "cert_format", "topology", "nras_alg"} <= said
    assert said - listed <= {"rim_chain"}, said - listed
    words = "\n".join(code.values())
    unknown = {w for w in re.findall(r"`([a-z_]+)`", section) if f'"{w}"' not in words}
    assert unknown <= {"rim_chain", "reason", "gpus"}, unknown
