# Holdfast. `make` alone lists what there is. Needs Python 3.11 or later and make; everything else is fetched,
# by hash, into .venv and .tools (remove both with `make clean`).

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# The Python to build everything with: the first of these that Lambda offers too, or the one you name.
PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$each -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' >/dev/null 2>&1 \
	&& { echo $$each; break; }; done)
PYTHON_VERSION := $(shell [ -n "$(PYTHON)" ] && $(PYTHON) -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null)

# uv takes no pip settings: hand it the index of a mirror that pip was told about, and never fetch a Python.
ifdef PIP_INDEX_URL
export UV_DEFAULT_INDEX ?= $(PIP_INDEX_URL)
endif
export UV_PYTHON_DOWNLOADS := never
export UV_LINK_MODE ?= copy
export UV_NO_PROGRESS := 1

# STACK=name keeps a second stack beside the first; what a test run starts is always called `test`.
STACK ?=
STACK_OPTION := $(if $(STACK),--name $(STACK),)

UV := .tools/uv/bin/uv
STAMPS := .tools/stamps/$(PYTHON_VERSION)
IN_VENV := .venv/bin/python -m
TOOLS := $(STAMPS)/dev $(STAMPS)/sam $(STAMPS)/ministack

# ---------------------------------------------------------------------------------------------------------------------
##@ Run

.PHONY: up
up: $(TOOLS) ## Start the local stack and leave it running; its addresses go to .local/stack.json
	@$(IN_VENV) local up $(STACK_OPTION)

.PHONY: down
down: $(STAMPS)/dev ## Stop the local stack and remove its state
	@$(IN_VENV) local down $(STACK_OPTION)

.PHONY: status
status: $(STAMPS)/dev ## Say what is running and where
	@$(IN_VENV) local status $(STACK_OPTION)

.PHONY: demo
demo: $(TOOLS) ## Replay a real day of orders on a stack of its own (KEEP=1 leaves the stack running)
	@$(IN_VENV) demo

.PHONY: drop
drop: $(TOOLS) ## Sell 50 bottles to scalpers and buyers, without rules and with them (SHORT=1 for few); .local/drop.json
	@$(IN_VENV) demo.drop

.PHONY: month
month: $(TOOLS) ## A month of shopping on seven marketplaces, everything going wrong (ORDERS=2000 SEED=7); .local/month.json
	@$(IN_VENV) demo.market --orders $(or $(ORDERS),2000) --seed $(or $(SEED),7)

.PHONY: bench
bench: $(TOOLS) ## Measure write units, calls and time of each command; figures go to .local/bench.json
	@$(IN_VENV) bench

# How long the simulation runs: by itself, and as the short part of `make test`. SEED=n begins at a seed of your own.
SECONDS ?= 600
CERTIFY_SECONDS ?= 60
SEED ?=

.PHONY: certify
certify: $(STAMPS)/dev ## Simulate faults for SECONDS (600) and write .local/certificate.json
	@$(IN_VENV) tests.simulation certify --seconds $(SECONDS) $(if $(SEED),--first-seed $(SEED),)

# ---------------------------------------------------------------------------------------------------------------------
##@ Work

.PHONY: test
test: $(TOOLS) ## Run all tests, the last of them against a stack started and stopped for them
	@echo "Unit, property, integration and architecture tests"
	@$(IN_VENV) pytest --numprocesses 2 --ignore tests/stack tests
ifeq ($(DYNAMODB_LOCAL),1)
	@echo "The second opinion: DynamoDB Local"
	@$(IN_VENV) local dynamodb-local $(CURDIR)/.venv/bin/python -m pytest -m dynamodb_local tests/integration
else
	@echo "Left out: tests on DynamoDB Local (they need Java and npm; DYNAMODB_LOCAL=1 runs them)"
endif
	@echo "Simulated faults, $(CERTIFY_SECONDS) s of them"
	@$(MAKE) certify SECONDS=$(CERTIFY_SECONDS)
	@echo "The model, every state of it"
	@$(MAKE) model
	@echo "Tests on the running stack"
	@$(IN_VENV) pytest tests/stack

.PHONY: model
model: $(STAMPS)/dev ## Check the TLA+ model in docs/model (needs Java)
	@if command -v java >/dev/null; then $(MAKE) $(STAMPS)/tla; fi
	@$(IN_VENV) docs.model

.PHONY: mutate
mutate: $(STAMPS)/dev ## Take each guard away in turn and see that it is missed; writes docs/guards.md (hours; NEW=1: what is not shown yet; TESTS=0: the simulator only)
	@$(IN_VENV) tests.simulation mutate $(if $(NEW),--new,) $(if $(filter 0,$(TESTS)),--no-tests,)

.PHONY: check
check: $(TOOLS) $(STAMPS)/checkov ## Check format, style, types, import contract, template and lock files
	@.ci/check

.PHONY: format
format: $(STAMPS)/dev ## Rewrite the code in the project's format
	@.venv/bin/ruff check --quiet --fix-only .
	@.venv/bin/ruff format --quiet .

.PHONY: openapi
openapi: $(STAMPS)/dev ## Write the OpenAPI document anew from the code
	@PYTHONPATH=.:layers/core $(IN_VENV) holdfast.runtime.api.openapi

.PHONY: docs
docs: $(STAMPS)/dev ## Write the generated tables of the documents anew from the code
	@$(IN_VENV) docs

.PHONY: lock
lock: $(STAMPS)/uv ## Resolve the locks anew from requirements/*.in (UPGRADE=1 takes newer versions)
	@lock() { $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command 'make lock' $(if $(UPGRADE),--upgrade) "$$1.in" --output-file "$$1.txt"; }; \
	for each in layers/vendor/requirements requirements/dev requirements/sam requirements/ministack \
		requirements/checkov requirements/tla requirements/uv; do lock $$each; done

.PHONY: setup
setup: $(TOOLS) $(STAMPS)/checkov ## Make every environment now (the other targets do it when they need one)

.PHONY: clean
clean: ## Stop what runs here and remove everything that was made
	@[ ! -x .venv/bin/python ] || ! [ -d local ] || $(IN_VENV) local down --all
	@rm -rf .venv .tools .local .aws-sam .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help
help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } /^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# ---------------------------------------------------------------------------------------------------------------------
# Environments. Each is brought in line with its lock when the lock is newer than its stamp; a stamp carries the version
# of Python, so that another Python makes it anew.

$(STAMPS)/uv: requirements/uv.txt
	@[ -n "$(PYTHON_VERSION)" ] || { echo "No Python 3.11 to 3.14 with its venv module was found (on Debian and Ubuntu" \
		"that is the package python3-venv). Install one, or name it: make PYTHON=/path/to/python3.12 …" >&2; exit 1; }
	@echo "Making the installer (uv) in .tools/uv"
	@$(PYTHON) -m venv --clear .tools/uv
	@.tools/uv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r $<
	@mkdir -p $(STAMPS) && touch $@

# $(call environment,folder,lock)
define environment
	@echo "Making the environment $(1) from $(2)"
	@$(UV) --version >/dev/null && { [ "$$($(1)/bin/python -c 'import platform; print(platform.python_version())' 2>/dev/null)" \
		= "$(PYTHON_VERSION)" ] || $(UV) venv --quiet --clear --python $(PYTHON) $(1); }
	@$(UV) pip sync --quiet --require-hashes --python $(1)/bin/python $(2)
	@mkdir -p $(STAMPS) && touch $@
endef

$(STAMPS)/dev: requirements/dev.txt | $(STAMPS)/uv
	$(call environment,.venv,$<)

$(STAMPS)/sam $(STAMPS)/ministack $(STAMPS)/checkov $(STAMPS)/tla: $(STAMPS)/%: requirements/%.txt | $(STAMPS)/uv
	$(call environment,.tools/$*,$<)
