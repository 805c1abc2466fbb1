# `make demo` and `make test` do all of their own set-up, into .venvs. `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
UV_VERSION := 0.13.8
UV := .venvs/uv/bin/uv
ENVIRONMENTS := core airflow prefect dagster released released_0_2
# The oldest supported orchestrators, with what was current in their time.
FLOORS := airflow-floor prefect-floor dagster-floor
# Only the soak needs them: Airflow with object storage, Prefect with Dask.
EXTRAS := airflow-storage prefect-dask

# The machine's own Python settings must not leak into the environments made here.
unexport PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE VIRTUAL_ENV
export UV_PYTHON_DOWNLOADS := never
export UV_LINK_MODE ?= hardlink
export UV_NO_PROGRESS := 1
export IKIGAI_LOCAL_PYTHON := $(CURDIR)/.venvs/core/bin/python

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 18

# -- environments ------------------------------------------------------------------------------------------------------

OURS := ikigai-core airflow-provider-ikigai prefect-ikigai dagster-ikigai
RESOLVE = $(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --no-header --no-annotate $(OURS:%=--no-emit-package %)

.PHONY: constraints
constraints: $(UV) ## pick the newest versions that go together; `git diff constraints` shows them
	for name in $(ENVIRONMENTS) $(EXTRAS) airflow-floor dagster-floor; do $(RESOLVE) --output-file constraints/$$name.txt constraints/$$name.in; done
	$(RESOLVE) --exclude-newer 2025-08-15 --output-file constraints/prefect-floor.txt constraints/prefect-floor.in

.PHONY: environments
environments: $(ENVIRONMENTS:%=.venvs/%/.ready) ## make every environment (.venvs/<name>)

$(UV):
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) not found; name a Python >= 3.11: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "make: Python 3.11 or newer is needed, and $(PYTHON) is $$($(PYTHON) -V 2>&1); name another: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "making .venvs/uv"
	@rm -rf .venvs/uv
	@PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 PIP_ROOT_USER_ACTION=ignore $(PYTHON) -m pip install --quiet --no-cache-dir --disable-pip-version-check \
	  --target .venvs/uv uv==$(UV_VERSION)

.venvs/airflow/.ready .venvs/airflow-floor/.ready .venvs/airflow-storage/.ready: integrations/airflow-provider-ikigai/pyproject.toml
.venvs/prefect/.ready .venvs/prefect-floor/.ready .venvs/prefect-dask/.ready: integrations/prefect-ikigai/pyproject.toml
.venvs/dagster/.ready .venvs/dagster-floor/.ready: integrations/dagster-ikigai/pyproject.toml
$(ENVIRONMENTS:%=.venvs/%/.ready) $(FLOORS:%=.venvs/%/.ready) $(EXTRAS:%=.venvs/%/.ready): .venvs/%/.ready: constraints/%.in constraints/%.txt pyproject.toml | $(UV)
	@echo "making .venvs/$*"
	@.venvs/$*/bin/python -c '' 2>/dev/null || \
	  $(UV) venv --quiet --clear --no-project --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .venvs/$*
	@$(UV) pip sync --quiet --python .venvs/$*/bin/python constraints/$*.txt <(grep '^-e' constraints/$*.in)
	@$(UV) pip check --quiet --python .venvs/$*/bin/python || { \
	  echo "make: constraints/$*.txt lacks what a pyproject.toml requires, as said above; \`make constraints\` adds it" >&2; exit 1; }
	@touch $@

# What all suites import is compiled once, not by each of those that start side by side. If something cannot be
# collected, its suite shows it.
.venvs/core/.compiled: .venvs/core/.ready
	@.venvs/core/bin/python -m pytest --quiet --collect-only tests/ikigai_core >/dev/null || true
	@touch $@

# -- the demo ----------------------------------------------------------------------------------------------------------

# Ends all that a command has started when it ends, however that comes about.
SUPERVISED := .venvs/core/bin/python tools/supervise.py

WITH ?= airflow prefect dagster
comma := ,
demonstrated = $(subst $(comma), ,$(WITH))

unknown = $(filter-out airflow prefect dagster,$(demonstrated))
ifneq ($(unknown),)
$(error WITH=$(WITH): $(unknown) is none of airflow, prefect, dagster)
endif

.PHONY: demo
demo: .venvs/core/.ready $(demonstrated:%=.venvs/%/.ready) ## the main job on the local platform; WITH=prefect shows only that orchestrator
	@$(SUPERVISED) .venvs/core/bin/python examples/demo --with "$(demonstrated)"

# -- tests -------------------------------------------------------------------------------------------------------------

# How many checks run side by side; they wait for servers much of the time. More take each other's time.
JOBS ?= 8
# `make test-core` spreads its tests over this many processes.
PROCESSES ?= 3
PYTEST_OPTIONS ?= -m 'not soak'
# Where each suite writes how long its tests took.
TIMES := .test-times
PYTEST = $(SUPERVISED) .venvs/$(1)/bin/python -m pytest --junit-xml='$(TIMES)/$@ $(1).xml' $(PYTEST_OPTIONS)
MYPY = $(CURDIR)/.venvs/$(1)/bin/mypy --config-file $(CURDIR)/pyproject.toml --cache-dir $(CURDIR)/.mypy_cache/$(1)
# The longest first, so that none is left alone in the end. The core's parts collect and start only what is theirs.
SUITES := test-airflow-parts test-prefect-parts test-core-runs test-airflow-runs test-prefect-runs test-core-client \
  test-core-platform test-core-engine test-dagster-runs test-examples test-dagster-parts test-interop test-packaging

$(SUITES): .venvs/core/.compiled

.PHONY: test lint site docs format types types-core types-airflow types-prefect types-dagster $(SUITES)
.PHONY: test-core test-airflow test-prefect test-dagster
test: ## everything below
	@echo "Each check is shown when it is done."
	@rm -rf $(TIMES)
	@failed=; $(MAKE) --no-print-directory --keep-going --jobs=$(JOBS) --output-sync=target lint $(SUITES) types site || failed=$$?; \
	  .venvs/core/bin/python tools/test_report.py $(TIMES); exit $${failed:-0}
	@echo "All tests, lint and type checks passed."

# The commit with which `make test-changed` compares.
SINCE ?= HEAD

.PHONY: test-changed
test-changed: .venvs/core/.ready ## the tests that what was changed since the commit SINCE (by default the last one) can break
	@.venvs/core/bin/python tools/changed_tests.py $(SINCE) | while read -r suite tests; do \
	  $(MAKE) --no-print-directory $$suite TESTS="$$tests" </dev/null || exit; done

lint: .venvs/core/.ready ## ruff: errors, style, formatting; import-linter: layers, cycles; hadolint: the container file
	.venvs/core/bin/ruff check --quiet .
	.venvs/core/bin/ruff format --check --quiet .
	.venvs/core/bin/hadolint Containerfile
	PYTHONPATH=$(subst $() ,:,$(wildcard integrations/*)) .venvs/core/bin/lint-imports --no-cache | sed -n '/^Broken/,$$p'

# After a failure nothing is kept, as Sphinx tells the warnings of a page only when it reads the page.
site: .venvs/core/.ready ## the site of the documents and docstrings, in .site; a warning fails it
	.venvs/core/bin/python -m sphinx --quiet --fail-on-warning docs .site || { rm -rf .site; exit 1; }

docs: site ## the same, shown in a browser
	@echo "file://$(CURDIR)/.site/index.html"
	@.venvs/core/bin/python -m webbrowser -t "file://$(CURDIR)/.site/index.html" >/dev/null || true

format: .venvs/core/.ready ## ruff: mend what can be mended
	.venvs/core/bin/ruff check --quiet --fix .
	.venvs/core/bin/ruff format --quiet .

types: types-airflow types-prefect types-dagster ## mypy --strict, each package in its own environment

types-core: .venvs/core/.ready
	$(call MYPY,core) ikigai_core tools
	cd examples/demo && MYPYPATH=.. $(call MYPY,core) __main__.py run_plain.py

types-airflow types-prefect types-dagster: types-%: types-core .venvs/%/.ready
	@# The first time, what it knows of the core, and of Python's own modules, need not be found out again.
	@test -d .mypy_cache/$* || cp -r .mypy_cache/core .mypy_cache/$*
	cd integrations/$*-* && $(call MYPY,$*) $(subst -,_,$(notdir $(wildcard integrations/$*-*)))

test-core: .venvs/core/.ready ## the client and the local platform
	$(call PYTEST,core) --numprocesses=$(PROCESSES) --dist=loadfile $(or $(TESTS),tests/ikigai_core tests/chaos)

CORE_RUNS := tests/chaos $(addprefix tests/ikigai_core/,cli runs transfer)
CORE_PLATFORM := tests/ikigai_core/local
CORE_ENGINE := $(CORE_PLATFORM)/engine

test-core-client: .venvs/core/.ready
	$(call PYTEST,core) tests/ikigai_core $(patsubst %,--ignore=%,$(CORE_RUNS) $(CORE_PLATFORM))

test-core-runs: .venvs/core/.ready
	$(call PYTEST,core) $(CORE_RUNS)

test-core-platform: .venvs/core/.ready
	$(call PYTEST,core) $(CORE_PLATFORM) --ignore=$(CORE_ENGINE)

test-core-engine: .venvs/core/.ready
	$(call PYTEST,core) $(CORE_ENGINE)

test-interop: .venvs/core/.ready .venvs/released/.ready .venvs/released_0_2/.ready ## the released clients against the local platform
	$(call PYTEST,released) tests/interop
	$(call PYTEST,released_0_2) tests/interop/test_released_client.py

test-packaging: .venvs/core/.ready ## the four distributions, built and installed in clean environments
	$(call PYTEST,core) $(or $(TESTS),tests/packaging)

test-examples: .venvs/core/.ready $(ENVIRONMENTS:%=.venvs/%/.ready) ## the examples, the documents and the demo
	$(call PYTEST,core) $(or $(TESTS),tests/examples tests/docs tests/tools)

test-airflow: .venvs/core/.ready .venvs/airflow/.ready ## the Airflow provider
	$(call PYTEST,airflow) $(or $(TESTS),tests/airflow_provider_ikigai)

# What starts, follows and kills runs, on servers of its own; everything else.
AIRFLOW_RUNS := tests/airflow_provider_ikigai/real
PREFECT_RUNS := tests/prefect_ikigai/runs
DAGSTER_RUNS := $(addprefix tests/dagster_ikigai/,chaos deployment runs)

test-airflow-runs: .venvs/core/.ready .venvs/airflow/.ready
	$(call PYTEST,airflow) $(AIRFLOW_RUNS)

test-airflow-parts: .venvs/core/.ready .venvs/airflow/.ready
	$(call PYTEST,airflow) tests/airflow_provider_ikigai $(AIRFLOW_RUNS:%=--ignore=%)

test-prefect-runs: .venvs/core/.ready .venvs/prefect/.ready
	$(call PYTEST,prefect) $(PREFECT_RUNS)

test-prefect-parts: .venvs/core/.ready .venvs/prefect/.ready
	$(call PYTEST,prefect) tests/prefect_ikigai $(PREFECT_RUNS:%=--ignore=%)

test-dagster-runs: .venvs/core/.ready .venvs/dagster/.ready
	$(call PYTEST,dagster) $(DAGSTER_RUNS)

test-dagster-parts: .venvs/core/.ready .venvs/dagster/.ready
	$(call PYTEST,dagster) tests/dagster_ikigai $(DAGSTER_RUNS:%=--ignore=%)

.PHONY: test-airflow-storage
test-airflow-storage: .venvs/core/.ready .venvs/airflow-storage/.ready ## the Airflow provider's files on an S3-speaking server
	$(SUPERVISED) .venvs/airflow-storage/bin/python -m pytest -m soak --timeout=3600 tests/airflow_provider_ikigai/operators/test_object_storage.py

.PHONY: test-airflow-floor
test-airflow-floor: .venvs/core/.ready .venvs/airflow-floor/.ready ## the Airflow provider on the oldest supported Airflow
	$(SUPERVISED) .venvs/airflow-floor/bin/python -m pytest -m soak --timeout=3600 tests/airflow_floor

test-prefect: .venvs/core/.ready .venvs/prefect/.ready ## the Prefect integration
	$(call PYTEST,prefect) $(or $(TESTS),tests/prefect_ikigai)

.PHONY: test-prefect-dask
test-prefect-dask: .venvs/core/.ready .venvs/prefect-dask/.ready ## the Prefect integration's tasks in processes of Dask
	$(SUPERVISED) .venvs/prefect-dask/bin/python -m pytest -m soak --timeout=3600 tests/prefect_ikigai/runs/test_dask.py

.PHONY: test-prefect-floor
test-prefect-floor: .venvs/core/.ready .venvs/prefect-floor/.ready ## the Prefect integration on the oldest supported Prefect
	$(SUPERVISED) .venvs/prefect-floor/bin/python -m pytest -m 'not soak' --timeout=3600 tests/prefect_ikigai

test-dagster: .venvs/core/.ready .venvs/dagster/.ready ## the Dagster integration
	$(call PYTEST,dagster) $(or $(TESTS),tests/dagster_ikigai)

.PHONY: test-dagster-floor
test-dagster-floor: .venvs/core/.ready .venvs/dagster-floor/.ready ## the Dagster integration on the oldest supported Dagster
	$(SUPERVISED) .venvs/dagster-floor/bin/python -m pytest -m 'not soak' --timeout=3600 tests/dagster_ikigai

.PHONY: soak
soak: ## what takes longer than `make test` has time for: loads, kills, fuzzing; SOAK=core,prefect runs only these
	@for suite in $(subst $(comma), ,$(SOAK)); do $(MAKE) --no-print-directory test-$$suite \
	  IKIGAI_TEST_SEED=$$RANDOM PYTEST_OPTIONS='-m soak --timeout=3600' PROCESSES=0 || exit; done

SOAK ?= core,examples,packaging,airflow,prefect,dagster,$(subst $() ,$(comma),$(EXTRAS) $(FLOORS))

.PHONY: browser
browser: ## the Chromium that the console's tests and pictures need, from Debian's packages (as root)
	@command -v chromium || command -v chromium-browser || command -v google-chrome || \
	  { apt-get update --quiet && apt-get install --quiet --yes --no-install-recommends chromium; }

.PHONY: screenshots
screenshots: .venvs/core/.ready .venvs/airflow/.ready ## the pictures in docs/console and docs/airflow
	$(SUPERVISED) .venvs/core/bin/python tools/screenshots.py
	$(SUPERVISED) .venvs/core/bin/python tools/airflow_screenshots.py

.PHONY: dist
dist: .venvs/core/.ready ## the sdists and wheels of all four distributions
	@rm -rf dist
	@for folder in . integrations/*; do .venvs/core/bin/python -m build --no-isolation --outdir dist $$folder; done

.PHONY: bench
bench: $(ENVIRONMENTS:%=.venvs/%/.ready) ## all figures, beside the released client's (60 minutes); BENCH="--only imports" for some
	.venvs/core/bin/python -m benchmarks $(BENCH)

.PHONY: live
live: .venvs/core/.ready ## the main job on a real account, which the environment names and which has to consent
	@.venvs/core/bin/python tools/live.py

.PHONY: clean
clean: ## delete what was made, the environments too
	rm -rf .venvs dist .site $(TIMES) .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
