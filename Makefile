# make prints this help; every other target sets up what it needs first.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PARALLEL := -n auto --dist worksteal
C_SOURCES := $(wildcard seqnet/kernels/*.c seqnet/kernels/*.h)

.PHONY: help demo test test-all lint types contracts docs docs-check check golden example-data bench clean

help:  ## Print this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(READY): pyproject.toml constraints.txt setup.py $(C_SOURCES)
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(READY)  ## Run the whole pipeline on the example data; results in demo_output/
	PATH="$(abspath $(BIN)):$$PATH" workflows/demo.sh example_data demo_output

test: $(READY)  ## Run the test suite
	$(BIN)/python -m pytest $(PARALLEL)

test-all: $(READY)  ## Run the slow tests too
	$(BIN)/python -m pytest $(PARALLEL) -m "slow or not slow"

lint: $(READY)  ## Check style and formatting
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(READY)  ## Check types
	$(BIN)/mypy

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
	for script in startup pvalues fasta scan tracks bedtext bigwig shuffle compare kmers feed evaluate train predict; do $(BIN)/python benchmarks/$$script.py || exit 1; done
	BIN=$(BIN) benchmarks/scan_cli.sh

clean:  ## Remove what make made
	rm -rf $(VENV) build demo_output *.egg-info seqnet/kernels/*.so
