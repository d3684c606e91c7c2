# keyaudit: `make demo` and `make test` install everything they need, from a fresh clone, and can be run again.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
STAMP := $(VENV)/.installed
OUT ?= demo-out
APT := libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core fonts-liberation softhsm2
APT_TEST := $(APT) poppler-utils chromium openssl unzip postgresql-15 postgresql-15-pgaudit systemd

.PHONY: demo test coverage check lint format docs bench build packages clean

demo: $(STAMP)
	@sh tools/apt.sh $(APT)
	$(BIN)/keyaudit demo -o $(OUT) --overwrite

# The suite lints and tests the catalogue itself, so `check` is what is left of `lint`.
test: $(STAMP) check
	@sh tools/apt.sh $(APT_TEST)
	$(BIN)/python -m pytest -n auto --dist worksteal

coverage: $(STAMP)
	@sh tools/apt.sh $(APT_TEST)
	$(BIN)/python -m pytest -n auto --cov --cov-report=term

check: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

lint: check
	$(BIN)/keyaudit controls lint
	$(BIN)/keyaudit controls test

format: $(STAMP)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: $(STAMP)
	$(BIN)/python tools/docs.py

bench: $(STAMP)
	$(BIN)/python -m bench

build: $(STAMP)
	$(BIN)/python -m build --installer pip --outdir dist

packages:
	@echo $(APT_TEST)

clean:
	rm -rf $(VENV) $(OUT) dist .mypy_cache .ruff_cache .pytest_cache

$(STAMP): pyproject.toml
	@sh tools/venv.sh $(PYTHON) $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[demo,dev]'
	@touch $@
