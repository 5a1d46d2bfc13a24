# The course in a few commands. `make lab` is the one to start with.
PYTHON ?= python3
BIN := .venv/bin
# The folder that `make lab` shows.
COURSE ?= .
# It measures real time on all cores, so nothing else runs beside it.
ALONE := notebooks/10_a_real_cluster.ipynb
# Small networks run slower on several threads; parallelism is over processes.
export OMP_NUM_THREADS = 1

.PHONY: help setup lab test check exercises notebooks results bench lint clean

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:
	@$(PYTHON) course_lib/bootstrap.py

lab: setup  ## open the course in JupyterLab
	$(BIN)/jupyter lab $(COURSE)/notebooks/00_start_here.ipynb --ServerApp.root_dir=$(COURSE) $(LAB_FLAGS)

test: setup  ## run every test, lesson and solution
	$(BIN)/python -m pytest $(ALONE) $(TEST_FLAGS)
	$(BIN)/python -m pytest -n 2 --dist loadfile --ignore=$(ALONE) $(TEST_FLAGS)

check: setup  ## check your answers to an exercise: make check EX=01
	@$(BIN)/python -m course_lib.teach check $(EX)

exercises: setup  ## regenerate exercises/ from solutions/
	@$(BIN)/python -m course_lib.teach exercises

notebooks: setup  ## execute lessons and solutions again and normalise them
	@$(BIN)/python -m course_lib.teach notebooks $(NB)

results: setup  ## compute stored results anew: make results LESSON=08 [DASK=address]
	$(BIN)/python -m course_lib.transfer.results $(LESSON) $(if $(DASK),--dask $(DASK))

bench: setup  ## measure speed side by side: make bench [PART=solve] [WITHOUT=sbx]
	$(BIN)/python -m benchmarks $(PART) $(if $(WITHOUT),--without $(WITHOUT)) \
		$(if $(ONLY),--only $(ONLY))

lint: setup  ## check the style of code and notebooks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

clean:  ## remove the environment and everything generated
	rm -rf .venv benchmarks/.venv setup.log build .pytest_cache .ruff_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
