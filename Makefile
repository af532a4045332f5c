# Everything is installed into .venv and from lock files with hashes; nothing else on the machine changes.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
EXPLORER := gateway/edge/explorer
INTEROP := tests/interop
# Processes that share the test files; each starts the engines that its tests need.
JOBS ?= 2
SOURCES := murmur gateway subgraphs workers tests benchmarks examples

.DEFAULT_GOAL := help
.PHONY: help up test check fmt bench schema explorer interop engines lock clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

up: $(STAMP) $(EXPLORER)/node_modules/.installed ## Start the platform with a demo community; Ctrl-C ends it
	@$(BIN)/murmur up --demo

test: $(STAMP) ## Check the code and run all tests
	@$(MAKE) --no-print-directory check
	@$(MAKE) --no-print-directory explorer interop || echo "Tests that need packages of npm are skipped, but not in CI."
	PATH="$$PATH:$(CURDIR)/$(BIN)" $(BIN)/pytest -n $(JOBS) --dist loadfile

check: $(STAMP) ## Lint, types, layering, and that schema/ is fresh
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/basedpyright
	$(BIN)/lint-imports --no-logo
	$(BIN)/murmur schema export --check

fmt: $(STAMP) ## Format the code and mend what a linter can
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

bench: $(STAMP) ## Measure; GRAPH=FILE runs the social workload on an edge list
	$(BIN)/python -m benchmarks $(if $(GRAPH),--graph $(GRAPH))

schema: $(STAMP) ## Write schema/ anew from the code
	$(BIN)/murmur schema export

explorer: $(EXPLORER)/node_modules/.installed ## Install GraphiQL

interop: $(INTEROP)/node_modules/.installed ## Install the npm peers that the engine is compared with

engines: $(STAMP) ## Install the engines that tests and the cluster run
	$(BIN)/python -m murmur.cluster

lock: $(STAMP) ## Resolve the dependencies of pyproject.toml into the lock files
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
		pyproject.toml --group dev -o requirements.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
		pyproject.toml -c requirements.lock --no-annotate -o compose/requirements.lock

clean: ## Remove what was installed and built (not the data in .murmur)
	rm -rf .venv $(EXPLORER)/node_modules $(INTEROP)/node_modules .pytest_cache .ruff_cache .hypothesis

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "murmur needs Python 3.11 or newer")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# The explorer is a convenience: offline, the platform starts without it, and its page says how to get it.
$(EXPLORER)/node_modules/.installed: $(EXPLORER)/package-lock.json $(STAMP)
	@command -v npm >/dev/null || test -x $(BIN)/npm || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(EXPLORER)/node.lock || true
	@(cd $(EXPLORER) && PATH="$$PATH:$(CURDIR)/$(BIN)" npm ci --silent) && touch $@ || \
		echo "GraphiQL could not be installed; going on without it."

$(INTEROP)/node_modules/.installed: $(INTEROP)/package-lock.json $(STAMP)
	@command -v npm >/dev/null || test -x $(BIN)/npm || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(EXPLORER)/node.lock
	cd $(INTEROP) && PATH="$$PATH:$(CURDIR)/$(BIN)" npm ci --silent
	@touch $@
