# Everything from nothing: `make run` opens the window, `make test` checks and tests. Both make .venv when it is
# not there or pyproject.toml has changed. Another Python: make PYTHON=python3.12 run. Arguments: make run ARGS=…

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: run test check bench screenshots clean

run: $(READY)
	$(BIN)/mtlstudio $(ARGS)

test: $(READY)
	@failed=0; \
	bash packaging/check.sh $(BIN) || failed=1; \
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest tests --ignore=tests/benchmarks -n auto --maxprocesses=4 $(ARGS) || failed=1; \
	exit $$failed

check: $(READY)
	@bash packaging/check.sh $(BIN)

bench: $(READY)
	QT_QPA_PLATFORM=offscreen $(BIN)/python tests/benchmarks/run_all.py $(ARGS)

screenshots: $(READY)
	MTLSTUDIO_FONTS=1 bash packaging/linux_libraries.sh $(VENV)
	QT_QPA_PLATFORM=offscreen $(BIN)/python packaging/screenshots.py $(ARGS)

clean:
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find mtlstudio tests packaging -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml packaging/environment.sh packaging/linux_libraries.sh
	PYTHON="$(PYTHON)" bash packaging/environment.sh $(VENV) test,dev
	bash packaging/linux_libraries.sh $(VENV)
	touch $@
