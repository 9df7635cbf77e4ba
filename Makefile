# The few verbs of the project. `make serve` and `make test` set up everything on a fresh machine.

ifeq ($(filter-out 3.7% 3.80,$(MAKE_VERSION)),)
$(error Invigil needs GNU make 3.81 or newer)
endif
SHELL := /bin/sh
PYTHON := $(shell for p in python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$p && break; done)
NODE := $(shell command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 \
	&& node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' \
	&& echo node)
BIN := .venv/bin
# The weights that lie beside a development checkout, where there are any.
MODELS := $(or $(INVIGIL_MODELS),$(wildcard ../shared/models))
ifneq ($(MODELS),)
export INVIGIL_MODELS := $(abspath $(MODELS))
endif
CLIENT := $(shell find client/src client/index.html client/*.json client/*.ts -type f 2>/dev/null)

.PHONY: serve test check bench setup protocol lock clean

serve: setup ## start the server and print the operator's URL
	@$(BIN)/invigil serve

test: setup ## run every test
	$(BIN)/python -m pytest
	cd client && npm test --silent

check: setup ## lint, types and import contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd client && npm run check --silent

bench: setup ## measure speed and accuracy on this machine
	$(BIN)/python -m tests.bench

setup: .venv/installed server/static/index.html .venv/weights ## what serve and test share

.venv/installed: requirements.lock pyproject.toml
ifeq ($(PYTHON),)
	@echo "Invigil needs Python 3.11 or newer with its venv module: none was found as python3." >&2; exit 1
endif
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -x $(BIN)/uv || $(BIN)/pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

client/node_modules/.package-lock.json: client/package-lock.json
ifeq ($(NODE),)
	@echo "Invigil needs Node.js 20.19 or newer with npm to build its pages: none was found." >&2; exit 1
endif
	@cd client && npm ci --no-audit --no-fund --loglevel=error >&2
	@touch $@

server/static/index.html: client/node_modules/.package-lock.json $(CLIENT)
	@cd client && npm run build --silent >&2
	@touch $@

.venv/weights: .venv/installed
	@if $(BIN)/invigil models fetch >&2; then touch $@; else \
		echo "Going on without the better detector: dlib's, which is slower, will do the work." >&2; fi

protocol: .venv/installed client/node_modules/.package-lock.json ## make the client's types from server/protocol/
	$(BIN)/python -m server.protocol | (cd client && npm run protocol --silent)

lock: .venv/installed ## bring requirements.lock up to date with pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --extra dev --upgrade \
		--custom-compile-command "make lock" pyproject.toml --output-file requirements.lock

clean: ## remove what setup made
	rm -rf .venv server/static client/node_modules
