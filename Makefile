.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test bench lint lock clean npm

VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/runtime.stamp
DEV := $(VENV)/dev.stamp
NODE_MODULES := frontend_demo/node_modules/.package-lock.json
BENCH_MODULES := benchmarks/node_modules/.package-lock.json
LOCKS := requirements.lock requirements-dev.lock frontend_demo/package-lock.json benchmarks/package-lock.json

export PIP_DISABLE_PIP_VERSION_CHECK := 1

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: export DEBUG ?= 1
run: $(RUNTIME) npm ## Serve everything with demo data (PORT, HOST, DATABASE_URL, REDIS_URL, WORKERS from the environment)
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py demo
	@$(BIN)/python -m backend

test: $(DEV) npm ## Run the tests; ARGS="tests/chat -x" picks some
	$(BIN)/python -m pytest $(ARGS)

bench: $(DEV) $(BENCH_MODULES) ## Measure against the peers (QUICK=1, ROWS="room rooms", ONLY=ours,node, RUNS=5: benchmarks/README.md)
	$(BIN)/python -m benchmarks

$(BENCH_MODULES): benchmarks/package-lock.json
	npm ci --prefix benchmarks --no-audit --no-fund
	@touch $@

lint: $(DEV) ## Check style, types, imports, migrations and locks
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run --settings tests.settings
	! grep -nE '[a-z]://' $(LOCKS)

lock: $(DEV) ## Write the lock files anew, with the newest versions that pyproject.toml allows
	$(COMPILE) --output-file requirements.lock pyproject.toml
	$(COMPILE) --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml

# The settings of one person's pip must not get into the lock; pip and setuptools are locked as pip-tools' own needs.
COMPILE = env -u PIP_FIND_LINKS -u PIP_EXTRA_INDEX_URL PIP_CONFIG_FILE=/dev/null CUSTOM_COMPILE_COMMAND='make lock' \
	$(BIN)/pip-compile --quiet --upgrade --strip-extras --allow-unsafe --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options

clean: ## Remove the environment, caches and everything in var/
	rm -rf $(VENV) frontend_demo/node_modules benchmarks/node_modules var tests/output .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/pip:
	@python=; for name in python3 python3.13 python3.12 python3.11; do \
		if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$name; break; fi; done; \
	if [ -z "$$python" ]; then echo 'This needs Python 3.11 or later, and none was found on the PATH.' >&2; exit 1; fi; \
	$$python -m venv --clear $(VENV)

$(RUNTIME): requirements.lock | $(BIN)/pip
	$(BIN)/python -m pip install -qq --require-hashes -r $<
	@touch $@

$(DEV): requirements-dev.lock | $(BIN)/pip
	$(BIN)/python -m pip install -qq --require-hashes -r $<
	@touch $@

ifneq ($(shell command -v npm),)
npm: $(NODE_MODULES)

$(NODE_MODULES): frontend_demo/package-lock.json
	npm ci --prefix frontend_demo --no-audit --no-fund
	@touch $@
else
npm:
	@echo 'npm is not installed: the demo page cannot load its Socket.IO client; all else works.'
endif
