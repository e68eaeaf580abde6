# make prints this help; every other target sets up what it needs first.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PARALLEL := -n auto --dist worksteal
SCRIPTS := $(wildcard workflows/*.py benchmarks/*.py docs/*.py example_data/*.py)
# benchmarks call peers that have no types
LOOSE := misc operator index union-attr func-returns-value call-overload no-any-return no-untyped-call \
	assignment return-value arg-type
C_SOURCES := $(wildcard seqnet/kernels/src/*.[ch] seqnet/kernels/src/border/*.[ch])

.PHONY: help demo test test-all nightly minutes faults lint types contracts docs docs-check check golden example-data bench clean

help:  ## Print this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(READY): pyproject.toml constraints.txt setup.py $(C_SOURCES)
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[torch,dev]'
	@touch $@

demo: $(READY)  ## Run the whole pipeline on the example data; results in demo_output/
	PATH="$(abspath $(BIN)):$$PATH" workflows/demo.sh example_data demo_output

test: $(READY)  ## Run the test suite
	$(BIN)/python -m pytest $(PARALLEL)

test-all: $(READY)  ## Run the slow tests too
	$(BIN)/python -m pytest $(PARALLEL) -m "not nightly"

nightly: $(READY)  ## Run the tests that are too long for continuous integration
	$(BIN)/python -m pytest $(PARALLEL) -m nightly

minutes: $(READY)  ## Measure the CPU minutes of each suite of tests, one after the other
	$(BIN)/python -m tests.suites

faults: $(READY)  ## Print which test covers which fault of which command
	$(BIN)/python -m tests.faults.table

lint: $(READY)  ## Check style and formatting
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(READY)  ## Check types; of the scripts beside the package, what they call and with which arguments
	$(BIN)/mypy
	$(BIN)/mypy --follow-imports silent --ignore-missing-imports $(addprefix --disable-error-code ,$(LOOSE)) $(SCRIPTS)

contracts: $(READY)  ## Check who imports whom
	$(BIN)/lint-imports

docs: $(READY)  ## Write docs/cli.md from the commands' help
	$(BIN)/python docs/make_cli.py

docs-check: $(READY)
	$(BIN)/python docs/make_cli.py --check

check: lint types contracts docs-check  ## All checks but the tests

golden: $(READY)  ## Rewrite the expected outputs; read the difference before you commit it
	$(BIN)/python -m pytest tests/cli/test_golden.py --update-golden

example-data: $(READY)  ## Make the example data anew
	$(BIN)/python example_data/make_example_data.py

bench: $(READY)  ## Measure against other tools; see benchmarks/README.md
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[bench]'
	for script in startup pvalues fasta scan tracks bedtext bigwig shuffle compare kmers feed evaluate train predict variants contigs; do $(BIN)/python benchmarks/$$script.py || exit 1; done
	BIN=$(BIN) benchmarks/scan_cli.sh

clean:  ## Remove what make made
	rm -rf $(VENV) build demo_output *.egg-info seqnet/kernels/*.so
