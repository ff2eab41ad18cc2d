# Two commands do everything on a fresh machine:
#   make demo             the window on the bundled demo case (without a screen: its report)
#   make demo PDF=x.pdf   its report
#   make test             all tests
# For development:
#   make check            lint, types, import contracts and all tests, as CI runs them
#   make test FAST=1      without the slow tests
#   make bench            every benchmark; make bench ONLY=name for one
#   make benchmark-faults the planted faults: train, inspect, score, and write docs/benchmark.md (about an hour; OUT=folder)
#   make fuzz MINUTES=10  change files of every format at random and open them; SEED=2 for other changes
#   make pictures         screenshots and report pages for docs/pictures
#   make reference-pictures  take those that the tests compare the window with, after a change that is meant; OUT=folder
#   make format           tidy the source
#   make audit            is a pinned version known to be vulnerable? (asks PyPI's database)

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
FAST ?=
MINUTES ?= 1
SEED ?= 1
OUT ?= build/planted-faults
AEON ?= 1.6.0
SEGLEARN ?= 1.2.5
PIP_AUDIT ?= 2.10.1

.PHONY: demo test check lint types contracts bench benchmark-faults fuzz pictures reference-pictures format audit install qt-libraries desktop-tools

demo: $(INSTALLED) qt-libraries
	$(BIN)/asl-inspector demo $(if $(PDF),--pdf "$(PDF)")

test: $(INSTALLED) qt-libraries desktop-tools
	$(BIN)/python -m pytest --numprocesses=auto --maxprocesses=4 --dist=worksteal $(if $(FAST),-m "not slow")

check: lint types contracts test

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED)
	$(BIN)/mypy

contracts: $(INSTALLED)
	$(BIN)/lint-imports

bench: $(INSTALLED) qt-libraries desktop-tools
	$(BIN)/python -m benchmarks.run $(ONLY)

# The wheels of aeon and seglearn are only read as archives, for the recordings in them: nothing is installed or run.
benchmark-faults: $(INSTALLED)
	@ls benchmarks/faults/data/aeon-*.whl > /dev/null 2>&1 || \
		$(BIN)/python -m pip download --quiet --no-deps --dest benchmarks/faults/data aeon==$(AEON)
	@ls benchmarks/faults/data/seglearn-*.whl > /dev/null 2>&1 || \
		$(BIN)/python -m pip download --quiet --no-deps --dest benchmarks/faults/data seglearn==$(SEGLEARN)
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks.faults.run --out $(OUT) --publish

fuzz: $(INSTALLED)
	PYTHONPATH=tests $(BIN)/python -m hostile.fuzzing.run --minutes $(MINUTES) --seed $(SEED)

pictures: $(INSTALLED) qt-libraries desktop-tools
	$(BIN)/python scripts/make_screenshots.py docs/pictures
	$(BIN)/python scripts/draw_architecture.py docs/pictures

reference-pictures: $(INSTALLED) qt-libraries
	QT_QPA_PLATFORM=offscreen $(BIN)/python scripts/renew_reference_pictures.py $(if $(filter-out build/planted-faults,$(OUT)),$(OUT),build/reference-pictures)

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# In an environment of its own: what audits is no part of what is audited. A version that the database does not know fails.
audit: $(INSTALLED)
	@test -x build/audit/bin/pip-audit || { $(PYTHON) -m venv build/audit && \
		build/audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit==$(PIP_AUDIT); }
	build/audit/bin/pip-audit --strict --no-deps --disable-pip --requirement packaging/constraints.txt

install: $(INSTALLED)

$(INSTALLED): pyproject.toml packaging/constraints.txt
	@$(PYTHON) packaging/check_python.py
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the Python packages into $(VENV) (a few minutes the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint packaging/constraints.txt --editable ".[gui,onnx,cluster,dev]"
	@touch $@

qt-libraries: $(INSTALLED)
	@sh packaging/system_libraries.sh qt $(BIN)/python

desktop-tools:
	@sh packaging/system_libraries.sh desktop
