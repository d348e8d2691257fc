# Everything runs in the project's own environment (.venv), made by uv from the committed lock file.
PYTHON ?= python3.11
UV := .uv/bin/uv
RUN := .venv/bin/python
STAMP := .venv/.synced

# Compiled modules are kept: where the environment forbids it, each of the many short processes of the demo and the tests
# would compile all that it imports again (12 seconds of processor time for Prefect and Great Expectations).
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test test-long lint bench simulate simulate-sources plant clean

# How many lives `make simulate` lives on each ledger, `make simulate-sources` at each source, how many months
# `make plant` plants defects in, and from which seed on
# (docs/proof.md).
SEEDS ?= 100
START ?= 1

setup: $(STAMP)

# uv itself comes from the Python that is there; everything else from uv.lock, all extras (bean-check, bean-query, Fava).
$(UV):
	$(PYTHON) -m venv .uv
	.uv/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9

$(STAMP): $(UV) pyproject.toml uv.lock
	$(UV) sync --locked --all-extras --quiet
	@touch $@

demo: $(STAMP)
	@.venv/bin/dealbooks demo --folder var/demo

test: $(STAMP)
	$(RUN) -m pytest -m "not long" -n 2 --dist loadfile --no-loadscope-reorder

test-long: $(STAMP)
	$(RUN) -m pytest -m long -n 2 --dist loadscope --no-loadscope-reorder

lint: $(STAMP)
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

bench: $(STAMP)
	$(RUN) -m benchmarks

simulate: $(STAMP)
	$(RUN) tests/simulate.py --seeds $(SEEDS) --first $(START) --jobs 2

simulate-sources: $(STAMP)
	$(RUN) tests/sim_sources.py --seeds $(SEEDS) --first $(START) --jobs 2

plant: $(STAMP)
	$(RUN) tests/plant.py --seeds $(SEEDS) --first $(START) --jobs 2

clean:
	rm -rf var .pytest_cache .mypy_cache .ruff_cache .hypothesis
