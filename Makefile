.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help install demo test check format proto snapshots screenshots readme man bench lab clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

install: .venv/installed ## make .venv with everything that podthaw and its tests need

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $@

demo: install ## open the bundled checkpoint with the demo host
	$(BIN)/podthaw demo

test: check ## style, types, import rule and every test (the lab's too, where it can run)
	tests/lab/ready
	$(BIN)/pytest

check: install ## style, types and the import rule alone
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install ## let ruff format and mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

proto: install ## make the reader of CRIU's images from tui/criu/images.proto
	$(BIN)/python -m grpc_tools.protoc --proto_path=. --python_out=. \
		--plugin=protoc-gen-mypy=$(BIN)/protoc-gen-mypy --mypy_out=. tui/criu/images.proto

snapshots: install ## take the UI snapshots anew (look at them before you commit)
	$(BIN)/pytest tests/ui --snapshot-update

screenshots: install ## write screenshots/ from the scenes of the snapshot tests
	$(BIN)/python -m tests.ui.scenes screenshots

readme: install ## write the generated parts of README.md anew
	$(BIN)/python -m tests.readme

man: install ## write the manual page to .venv/share/man/man1
	mkdir -p .venv/share/man/man1
	$(BIN)/podthaw man > .venv/share/man/man1/podthaw.1

bench: install ## measure the UI; build 2 GiB checkpoints; against Textual, zstd, gzip and checkpointctl
	$(BIN)/python -m tests.bench.ui
	$(BIN)/python -m tests.bench.archive
	$(BIN)/python -m tests.bench.memory
	$(BIN)/python -m tests.bench.diff

lab: ## build and start the lab
	tests/lab/lab build
	tests/lab/lab up

clean: ## remove what make made
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
