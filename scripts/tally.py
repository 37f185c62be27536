#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Adds up what the test runners wrote (JUnit XML of pytest and of meson) and
prints one closing line, "total: N passed, N failed, N skipped". Fails if
nothing ran at all."""
import pathlib
import sys
import xml.etree.ElementTree as ET


def files(folders):
    for folder in map(pathlib.Path, folders):
        yield from sorted(folder.glob("results/*.xml"))
        yield folder / "meson-logs" / "testlog.junit.xml"


def main(folders):
    ran = failed = skipped = 0
    for path in files(folders):
        if not path.exists():
            continue
        for case in ET.parse(path).iter("testcase"):
            ran += 1
            failed += case.find("failure") is not None or \
                case.find("error") is not None
            skipped += case.find("skipped") is not None
    passed = ran - failed - skipped
    print(f"total: {passed} passed, {failed} failed, {skipped} skipped")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
