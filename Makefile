# `make build` and `make test` install the packages they need; `make help` lists every command.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# The lock has a section for what a build needs and one for each group of pyproject.toml, which adds to it.
GROUPS := audit bandit browser dev docs installer peers postgres spark
section = sed -n "/^\# $(1)\$$/,/^\#/p" requirements.lock

# The lock is complete and hashed, so nothing need be resolved. It must not be either: dbt-bouncer's metadata asks for
# DuckDB 1.x, although it only reads dbt's artifacts and imports DuckDB for a kind of check that we don't configure.
LOCKED := --quiet --no-deps --require-hashes --requirement
PIP := $(BIN)/pip --disable-pip-version-check install --quiet
# Without its configuration, or the overrides of pyproject.toml, which are for `make lock`, would undo the pins.
UV := PATH="$(BIN):$$PATH" uv --no-config

# uv takes a fraction of pip's time. Where it is missing or does not reach its index, pip does the same.
define install
@echo 'Installing the locked packages: $(1)'
@started=$$(date +%s); by=uv; $(call section,$(1)) > $(VENV)/$(1).txt; \
	$(UV) pip install --python $(BIN)/python $(LOCKED) $(VENV)/$(1).txt 2>/dev/null || \
	{ by=pip; echo 'uv is missing or failed: pip installs them, which takes longer'; $(PIP) $(LOCKED) $(VENV)/$(1).txt; } && \
	printf '%-11s%5s s  %s\n' installing $$(($$(date +%s) - started)) "$(1), by $$by"
@touch $@
endef

GENERATOR_OPTIONS := $(strip $(if $(ACCOUNTS),--accounts $(ACCOUNTS)) $(if $(SEED),--seed $(SEED)) $(if $(PRESET),--preset $(PRESET)) $(if $(FAULT),--fault $(FAULT)) $(if $(DECLARED),--declared) $(if $(CAMPAIGNS),--campaigns $(CAMPAIGNS)))
ifneq ($(and $(RAW),$(GENERATOR_OPTIONS)$(WORLD)),)
$(error RAW loads existing files, so it can't be combined with WORLD, ACCOUNTS, SEED, PRESET, FAULT, DECLARED or CAMPAIGNS, which configure the generator)
endif

JAVA_HOME ?= $(firstword $(wildcard /usr/lib/jvm/*17*))

# Spark runs beside the same environment; its adapter and the library that its models import lie in the project.
ifeq ($(TARGET),spark)
SPARK_DIRECTORY := $(or $(CAUSALYN_SPARK_DIRECTORY),$(CURDIR)/warehouse/spark)
WITH_SPARK := PYTHONPATH=spark:scripts PYSPARK_PYTHON="$(CURDIR)/$(BIN)/python" JAVA_HOME="$(JAVA_HOME)" \
	CAUSALYN_SPARK_FILES="$(SPARK_DIRECTORY)/files" CAUSALYN_SPARK_DIRECTORY="$(SPARK_DIRECTORY)"
else ifneq ($(or $(TARGET),duckdb),duckdb)
$(error TARGET is duckdb or spark)
endif

# Studies and benchmarks lie in a folder of their own and import the library and the commands.
RESEARCH := PYTHONPATH=scripts $(BIN)/python scripts/research

DATABASE := $(if $(filter postgresql://% postgres://%,$(RAW)),$(VENV)/.installed-postgres)
ZONE := $(if $(TIMEZONE),--timezone "$(TIMEZONE)")

.DEFAULT_GOAL := help
.PHONY: help build map bandit campaign refresh report docs diff export test test-spark faults lint study readme bench bench-engines bench-learners bench-page lock audit clean

help:
	@echo 'make build                    decide on the loaded accounts and print the decision;'
	@echo '                              without any, generate the default world first'
	@echo '  WORLD=1                     replace loaded data with a generated world'
	@echo '  ACCOUNTS=n SEED=n PRESET=p  another world; presets: default, hard, null, harm, drift, smooth'
	@echo '  DECLARED=1                  a world whose export declares assignment probabilities'
	@echo '  CAMPAIGNS=n                 a world with n past campaigns, each targeted by the one before'
	@echo '  FAULT=f                     a world with a fault or a peculiarity that a check finds; generate_world.py --help lists them'
	@echo '  TARGET=spark                build on Spark instead of DuckDB (installs it; needs Java 17)'
	@echo '  RAW=dir                     load Parquet or CSV files in the raw contract instead'
	@echo '  RAW=postgresql://...        load tables or views of these names from a database instead'
	@echo '  TIMEZONE=zone               time zone of its days, such as Europe/Berlin, if it has times of day'
	@echo '  ACCEPT_CHANGES=1            publish an export that differs from the last one, if intended'
	@echo 'make map RAW=dir              draft the lines of seeds/mapping for an export, for you to correct'
	@echo 'make campaign                 build a generated world, play its campaign wave by wave, show the readout'
	@echo '  ROUNDS=6                    play 6 in a row, each learning from the earlier ones, and compare them'
	@echo 'make bandit                   build a generated world and let a bandit choose between e-mail, in-app message and call'
	@echo 'make diff FROM=side TO=side   accounts whose decision differs between two recorded sides, each build_id/policy_id'
	@echo 'make refresh                  decide on today with the last published model: lists, report, exports'
	@echo '  AS_OF=date                  as of that day, instead of the day after the data end'
	@echo '  RAW=dir                     load newer files in the raw contract first'
	@echo 'make export                   write the published lists to target/exports, as CSV and Parquet'
	@echo 'make report                   render the report page, target/report/index.html, and its figures'
	@echo 'make docs                     build the documentation site, target/site, with every table, column and seed'
	@echo 'make test                     lint, then pytest with full builds and all dbt tests'
	@echo '  FAST=1                      skip lint, and tests that need a world or an export'
	@echo 'make test-spark               all tests on Spark, on a cluster and a Spark Connect server on loopback'
	@echo 'make faults                   every fault test, including long ones; prints a table: fault, expected, seen'
	@echo 'make lint                     ruff, sqlfluff, mypy, dbt-bouncer, licences and a strict dbt parse'
	@echo 'make study                    build many worlds per preset, simulate A/A tests; results in scripts/research/results'
	@echo 'make bench-learners           compare the learners with causalml and EconML on simulated experiments'
	@echo '  HILLSTROM=file              and on the Hillstrom experiment, a Parquet file'
	@echo 'make readme                   build the default world and render README and docs from it'
	@echo 'make bench                    measure the cost of a build; results in scripts/research/results'
	@echo '  ACCOUNTS="2400 24000"       at these sizes'
	@echo 'make bench-engines            compare a build on DuckDB and on Spark; results in the same place'
	@echo 'make bench-page               measure the report page in a browser, with up to a million accounts'
	@echo 'make lock                     re-resolve the dependencies of pyproject.toml'
	@echo 'make audit                    check the locked versions for known vulnerabilities (needs a network)'
	@echo 'make clean                    remove environment, caches and dbt artifacts; the warehouse stays'
	@echo
	@echo 'PYTHON=python3.x makes the environment with that interpreter (3.10 or newer).'
	@echo 'CAUSALYN_WAREHOUSE=file names the DuckDB file (default: warehouse/causalyn.duckdb).'
	@echo 'CAUSALYN_SCORING_DATE=date decides as of that day, instead of the day after the data end.'
	@echo 'CAUSALYN_CAMPAIGN=name names the running campaign (default: salt in seeds/campaign_parameters.csv).'
	@echo 'CAUSALYN_READERS_AUDIT=1 adds comparisons with hidden truth to the copy for readers.'
	@echo 'CAUSALYN_PATIENCE_SECONDS=60 waits so long for others to close the warehouse (default: 20).'
	@echo 'CAUSALYN_MEMORY_LIMIT=8GB lets DuckDB use that much memory before it spills to disk (default: 4GB).'

build: $(VENV)/.installed $(DATABASE) $(if $(SPARK_DIRECTORY),$(VENV)/.installed-spark)
	@$(WITH_SPARK) $(BIN)/python scripts/build.py $(strip $(if $(RAW),--raw "$$RAW" $(ZONE)) $(if $(ACCEPT_CHANGES),--accept-changes) \
		$(if $(WORLD),--world) $(GENERATOR_OPTIONS) $(if $(SPARK_DIRECTORY),--target spark))

map: $(VENV)/.installed
	$(if $(RAW),,$(error Name the export whose words to map: make map RAW=dir))
	@$(BIN)/python scripts/map_words.py "$$RAW" $(ZONE)

report: $(VENV)/.installed
	$(BIN)/python scripts/render_report.py

bandit: build $(VENV)/.installed-bandit
	$(BIN)/python scripts/play_bandit.py $(if $(SEED),--seed $(SEED)) $(if $(PRESET),--preset $(PRESET))
	$(BIN)/python scripts/render_report.py

campaign: build
	$(BIN)/python scripts/play_campaign.py $(if $(SEED),--seed $(SEED)) $(if $(PRESET),--preset $(PRESET)) $(if $(ROUNDS),--rounds $(ROUNDS) $(if $(CAMPAIGNS),--campaigns $(CAMPAIGNS)))
	$(BIN)/python scripts/render_report.py

docs: $(VENV)/.installed-docs
	$(WITH_SPARK) $(BIN)/dbt docs generate --quiet --static
	$(BIN)/mkdocs --quiet build --strict
	@echo 'Documentation: target/site/index.html'

# A side is build_id/policy_id, as in marts.policy_decisions_ledger.
diff: $(VENV)/.installed
	@$(BIN)/python scripts/diff_decisions.py "$(FROM)" "$(TO)"

refresh: $(VENV)/.installed $(DATABASE)
	$(if $(RAW),$(BIN)/python scripts/load_raw.py "$$RAW" $(ZONE))
	$(BIN)/python scripts/refresh.py $(if $(AS_OF),--as-of "$(AS_OF)") $(if $(ACCEPT_CHANGES),--deliveries accept)
	$(BIN)/python scripts/render_report.py
	$(BIN)/python scripts/export_lists.py

export: $(VENV)/.installed
	$(BIN)/python scripts/export_lists.py

# Two files at a time: a build fills one core and a half, and takes two GB.
ifdef FAST
test: $(VENV)/.installed-dev
	$(BIN)/pytest --numprocesses 2 --ignore tests/python/unit/test_load_raw.py tests/python/unit
else
test: lint $(patsubst %,$(VENV)/.installed-%,browser docs postgres $(if $(SPARK_DIRECTORY),spark))
	$(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder
endif

test-spark: $(VENV)/.installed-dev $(VENV)/.installed-spark
	$(BIN)/pytest -m 'long or not long' tests/python/spark

faults: $(VENV)/.installed-dev
	$(BIN)/pytest -m fault

define lint_models
	$(BIN)/dbt parse --quiet --warn-error --no-partial-parse --target-path target/lint $(1)
	@if [ -x $(BIN)/dbt-bouncer ]; then echo $(BIN)/dbt-bouncer $(2); COLUMNS=160 $(BIN)/dbt-bouncer $(2); \
	else echo 'dbt-bouncer needs Python 3.11: its checks are left out'; fi
	$(RESEARCH)/lineage.py
endef

# A refresh takes other branches of the models, which must flow in the same direction.
lint: $(VENV)/.installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(call lint_models,--vars 'refresh: true',--check check_lineage_permitted_upstream_models)
	$(call lint_models)
	$(BIN)/mypy
	$(BIN)/pip-licenses > /dev/null
	$(BIN)/sqlfluff lint models tests

study: $(VENV)/.installed
	$(RESEARCH)/study.py
	$(RESEARCH)/study_errors.py

bench-learners: $(VENV)/.installed-peers
	OMP_NUM_THREADS=1 $(RESEARCH)/benchmark_learners.py $(if $(HILLSTROM),--hillstrom "$(HILLSTROM)")

readme: build
	$(RESEARCH)/render_readme.py

bench: $(VENV)/.installed
	$(RESEARCH)/benchmark.py $(if $(ACCOUNTS),--accounts $(ACCOUNTS))

# The same build on DuckDB and on Spark.
bench-engines: $(VENV)/.installed-spark
	JAVA_HOME="$(JAVA_HOME)" $(RESEARCH)/benchmark_engines.py $(if $(ACCOUNTS),--accounts $(ACCOUNTS))

bench-page: $(VENV)/.installed-browser
	$(RESEARCH)/benchmark_page.py

# A changed lock makes a new environment, so that it holds exactly what the lock says.
$(VENV)/.installed: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo 'error: Python 3.10 or newer is needed; set it: make PYTHON=python3.11 ...' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || \
		{ echo "error: $(PYTHON) can't make virtual environments; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV)
	@$(call section,installer) > $(VENV)/installer.txt
	@$(UV) --version >/dev/null 2>&1 || $(PIP) --only-binary :all: $(LOCKED) $(VENV)/installer.txt || true
	$(call install,core)

# dev: what the tests need. bandit: what chooses among actions. browser: what drives the Chromium of the system; the package's
# own download is not used. peers: other libraries of uplift modelling, which tests and the benchmark compare with. postgres: reads an export from a database.
$(patsubst %,$(VENV)/.installed-%,$(filter-out installer spark,$(GROUPS))): $(VENV)/.installed-%: $(VENV)/.installed
	$(call install,$*)

$(VENV)/.installed-spark: $(VENV)/.installed
	@"$(JAVA_HOME)/bin/java" -version 2>&1 | grep -q 'version "17' || \
		{ echo 'error: Spark needs Java 17; set its directory: make JAVA_HOME=...; on Debian: apt-get install openjdk-17-jre-headless' >&2; exit 1; }
	$(call install,spark)

# One line per package, so that a group's section can leave out what a build installs anyway. The uv that resolves is the locked one.
ONE_LINE := sed -e ':next' -e '/\\$$/N' -e 's/\\\n *//' -e 't next'
lock:
	@tools=$$(mktemp -d) && trap 'rm -rf "$$tools"' EXIT && $(PYTHON) -m venv "$$tools" && \
		$(call section,installer) > "$$tools/installer.txt" && \
		"$$tools/bin/pip" install --disable-pip-version-check $(LOCKED) "$$tools/installer.txt" && cp pyproject.toml "$$tools" && cd "$$tools" && \
		echo '# Written by `make lock`: what a build needs, then what each group of pyproject.toml adds.' > lock && \
		for group in core $(GROUPS); do \
			bin/uv export --quiet --python bin/python --no-default-groups $$(test $$group = core || echo "--group $$group") \
				--no-header --no-annotate --output-file export.txt && \
			$(ONE_LINE) export.txt > $$group && { echo "# $$group"; \
			if [ $$group = core ]; then cat core; else grep -vxFf core $$group; fi; } >> lock || exit 1; \
		done && cp lock "$(CURDIR)/requirements.lock"

audit: $(VENV)/.installed-audit
	@for group in core $(GROUPS); do echo "$$group" && $(call section,$$group) > "$(VENV)/$$group.txt" && \
		$(BIN)/pip-audit --disable-pip --requirement "$(VENV)/$$group.txt" || exit 1; done

clean:
	rm -rf $(VENV) target logs .pytest_cache .ruff_cache .hypothesis
