PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: demo test lint docs gallery wheel bench classifiers

demo: $(STAMP)            ## fit real digits and the paper's 2-D examples; a table and pictures in demo/
	$(BIN)/python examples/demo.py --out demo

test: lint                ## everything that CI runs, fast tests first
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto -m "not slow" --durations=20
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto -m slow --durations=8
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --doctest-modules fdgm
	$(MAKE) docs
	$(BIN)/python -m pytest tests/browser

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(STAMP)            ## the documentation, its gallery trained for a second each
	FDGM_GALLERY_SECONDS=1 $(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html

gallery: $(STAMP)         ## the documentation, its gallery trained for as long as each page says
	rm -rf docs/auto_examples
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html

wheel: $(STAMP)           ## build what a release publishes, and try it in an empty environment
	rm -rf dist build/empty
	$(BIN)/python -m build --quiet --outdir dist
	$(PYTHON) -m venv build/empty
	build/empty/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt dist/*.whl
	cd build && empty/bin/python -I ../tests/try_wheel.py

bench: $(STAMP)           ## the tables of the documentation: many hours on two cores, and each script goes on where it stopped
	$(BIN)/python -m benchmarks

classifiers: $(STAMP)     ## train the classifiers of fdgm.metrics again: minutes on two cores; FDGM_DATA names the data
	$(BIN)/python -m benchmarks.classifiers.train

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $@
