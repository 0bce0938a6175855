# One door for everybody: people, CI and scripts use the same verbs.
.DEFAULT_GOAL := help
BIN := .venv/bin
# Compiled modules halve every start after the first: they are kept whatever the environment says.
export PYTHONDONTWRITEBYTECODE :=

help:  ## show these verbs
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /  make \1\t/' | expand -t 18

setup:  ## prepare .venv with the assay command
	@tools/setup.sh run

run: setup  ## serve grades of the bundled market on http://127.0.0.1:8000
	@$(BIN)/assay serve

demo: setup  ## the night FTX fell, live, without a network: replay exchange, feed and server
	@$(BIN)/assay demo

dev:
	@tools/setup.sh dev

check: dev  ## the fast door: format, lint, types, imports, unit tests (about a minute)
	@$(BIN)/ruff format --no-cache --check --quiet .
	@$(BIN)/ruff check --no-cache --quiet .
	@$(BIN)/lint-imports --no-logo >/dev/null || $(BIN)/lint-imports --no-logo
	@$(BIN)/python tools/check_house.py
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/python -m pytest -m "not slow" -n 2

test: dev  ## everything that decides correctness (about half an hour on 2 cores)
	@$(BIN)/ruff format --no-cache --check --quiet .
	@$(BIN)/ruff check --no-cache --quiet .
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python tools/check_house.py
	@$(BIN)/mypy
	@tools/with_services.sh $(BIN)/python -m pytest -n 2 --dist loadfile

bench: dev  ## ratios against peers and physical limits, measured in the same run
	@bench/run.sh

soak: dev  ## hours: the permutation null, kill -9 storms, long serving
	@tools/with_services.sh $(BIN)/python -m pytest soak -n 0 -s --timeout 0

lock:  ## compile the pinned requirements anew
	@$(BIN)/uv pip compile pyproject.toml requirements/build.in --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --only-binary :all: --no-emit-build-options -q -o requirements/run.txt
	@$(BIN)/uv pip compile pyproject.toml requirements/build.in --extra dev --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --only-binary :all: --no-emit-build-options -q -o requirements/dev.txt
	@$(BIN)/uv pip compile requirements/node.in --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --only-binary :all: --no-emit-build-options -q -o requirements/node.txt

clients: dev  ## generate the Python and TypeScript clients anew from the API
	@$(BIN)/python tools/generate_clients.py

web:  ## build the web app anew from web/ into the files that the API serves
	@tools/node.sh
	@cd web && PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent build

.PHONY: help setup run demo dev check test bench soak lock clients web
