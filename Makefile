# The few verbs. Each sets up what it needs; nothing but Python 3.11, make and (for what the tests run beside us, as root on Debian) apt.

# The distribution's own, where it is the same version: it is built with optimisation, while one compiled on the spot often is not.
PYTHON ?= $(shell own=/usr/bin/$$(python3 -c 'import sys; print("python%d.%d" % sys.version_info[:2])'); \
  $$own -c 'import ensurepip' 2>/dev/null && echo $$own || echo python3)
HOST   ?= 127.0.0.1
PORT   ?= 8000
WORKERS ?= $(shell nproc 2>/dev/null || echo 2)
BIN    := .venv/bin

# What is compiled once is kept: else each process that the tests start compiles all of it again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: serve test check format bench soak clean

serve: .venv/run
	exec $(BIN)/unicef-linked serve --host $(HOST) --port $(PORT) --workers $(WORKERS)

# What is installed and checked keeps both cores busy. Of pytest there are twice as many processes: tests wait for servers,
# browsers and time limits.
test:
	@$(MAKE) --no-print-directory --jobs=3 check .venv/peers
	$(BIN)/pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder # the files with most tests are not the longest

check: .venv/dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/dev
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

# Beside other servers, in the same run; SECTIONS="queries documents" measures these alone.
bench: .venv/bench
	$(BIN)/python -m bench $(SECTIONS)

# Load, evil queries and kills of every kind of process, for so many minutes; then kills at each stage of a switch.
MINUTES ?= 30
soak: .venv/dev
	$(BIN)/python -m bench.soak --minutes $(MINUTES)
	KILLS=28 $(BIN)/pytest tests/web/test_switch.py -k killed

SOURCES := pyproject.toml hatch_build.py $(wildcard browser/*.* browser/styles/* browser/sparql/*)
PIP     := pip install --quiet --disable-pip-version-check

.venv/run: $(SOURCES)
	$(PYTHON) -m venv .venv
	$(BIN)/$(PIP) --editable .
	touch $@

.venv/dev: $(SOURCES)
	$(PYTHON) -m venv .venv
	$(BIN)/$(PIP) --editable '.[dev]'
	touch .venv/run $@

# What the tests run beside us and is no Python package: Debian's Chromium, oneTBB's allocator, the program of Virtuoso without its
# service, the clients of tests/clients (those in JavaScript by the lock file beside them, those in Python in an environment of
# their own), and the vocabularies of tests/vocabularies.
PEERS := caddy chromium-headless-shell libtbbmalloc2 nginx-light rasqal-utils redis-server virtuoso-opensource-7-bin
ALLOCATOR := $(BIN)/python -c 'import ctypes.util, sys; sys.exit(not ctypes.util.find_library("tbbmalloc_proxy"))'

.venv/peers: .venv/programs .venv/clients/made tests/clients/node_modules/made tests/vocabularies/node_modules/made
	touch $@

.venv/programs: .venv/dev
	@{ command -v caddy && command -v chromium-headless-shell && $(ALLOCATOR) && command -v roqet && command -v redis-server && command -v virtuoso-t && PATH="$$PATH:/usr/sbin" command -v nginx; } >/dev/null \
	  || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(PEERS) >/dev/null; } \
	  || { echo "the tests need $(PEERS): install them (apt-get install $(PEERS), as root)" >&2; exit 1; }
	touch $@

.venv/clients/made: tests/clients/requirements.txt
	$(PYTHON) -m venv .venv/clients
	.venv/clients/bin/$(PIP) --no-compile --requirement $<
	touch $@

tests/%/node_modules/made: tests/%/package-lock.json .venv/dev
	cd tests/$* && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --silent
	touch $@

# Whom we measure ourselves beside, and our allocator; who cannot be installed is named in the report, and only wrk is indispensable.
RIVALS := libtbbmalloc2 nginx virtuoso-opensource wrk
.venv/bench: .venv/run
	$(BIN)/$(PIP) --editable '.[bench]'
	@{ $(ALLOCATOR) && command -v wrk && command -v virtuoso-t && PATH="$$PATH:/usr/sbin" command -v nginx; } >/dev/null \
	  || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(RIVALS) >/dev/null; } \
	  || { echo "the comparison needs $(RIVALS): install them (apt-get install $(RIVALS), as root)" >&2; exit 0; } \
	  && touch $@

clean:
	rm -rf .venv browser/node_modules src/unicef_linked/web/static/built .pytest_cache .mypy_cache .ruff_cache dist
