# `make demo` and `make test` do all of their own set-up, into .venvs. `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
UV_VERSION := 0.13.8
UV := .venvs/uv/bin/uv
ENVIRONMENTS := core airflow prefect dagster released

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

.venvs/airflow/.ready: integrations/airflow-provider-ikigai/pyproject.toml
.venvs/prefect/.ready: integrations/prefect-ikigai/pyproject.toml
.venvs/dagster/.ready: integrations/dagster-ikigai/pyproject.toml
$(ENVIRONMENTS:%=.venvs/%/.ready): .venvs/%/.ready: constraints/%.in constraints/%.txt pyproject.toml | $(UV)
	@echo "making .venvs/$*"
	@$(UV) venv --quiet --clear --no-project --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .venvs/$*
	@$(UV) pip install --quiet --compile-bytecode --python .venvs/$*/bin/python -r constraints/$*.in -c constraints/$*.txt
	@touch $@
