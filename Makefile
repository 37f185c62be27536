# SPDX-License-Identifier: Apache-2.0
#
# The usual names for what Meson and the scripts do. On a bare Debian each
# target first installs what it needs (packages.txt).

PREFIX ?= /usr/local
FUZZ_SECONDS ?= 600
RELEASE = -Doptimization=2 -Ddebug=false --prefix=$(PREFIX)

.PHONY: all demo test unit check e2e asan fuzz bench matrix fmt install clean

# The program, at build/aver.
all:
	@scripts/deps.sh build
	@TARGET=aver scripts/build.sh build $(RELEASE)

# A real model behind `aver serve`, and the whole proof on the screen.
demo:
	@scripts/deps.sh build demo
	@TARGET=aver scripts/build.sh build $(RELEASE)
	@scripts/venv.sh .venv-demo requirements-demo.txt --no-deps
	@scripts/demo.sh

# Everything that must hold before a change goes in; seconds per stage at the end.
test:
	@scripts/test.sh all

# Single parts of it, for work on them.
unit: tested
	meson test -C build --suite unit --print-errorlogs
check: tested
	.venv-test/bin/python -m pytest -q tests/check
e2e: tested
	.venv-test/bin/python -m pytest -q -n auto tests/e2e
.PHONY: tested
tested:
	@scripts/test.sh prepare

# Unit tests and end-to-end tests under AddressSanitizer and UBSan.
asan:
	@scripts/test.sh prepare asan
# Each parser fuzzed for FUZZ_SECONDS.
fuzz:
	@scripts/deps.sh build test
	@scripts/fuzz.sh $(FUZZ_SECONDS)
# Side by side with nginx, printed as a table.
bench:
	@scripts/deps.sh build demo bench
	@TARGET=aver scripts/build.sh build $(RELEASE)
	@tests/bench/run
# gcc and clang, each with sanitizers, release and coverage; valgrind.
matrix:
	@scripts/deps.sh build test matrix
	@scripts/matrix.sh

fmt:
	clang-format-14 -i $$(find src tests -name '*.[ch]')
install: all
	meson configure build --prefix=$(PREFIX)
	meson install -C build
clean:
	rm -rf build build-asan build-fuzz build-matrix-*
