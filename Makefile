# Every target sets up what it needs: Python's packages in .venv, of which `make up` needs less than half, and, for tests,
# the jars of Apache Kafka in deploy/kafka/libs where Maven and Java are there. An interrupted set-up is made again.

.DEFAULT_GOAL := help
.PHONY: help up test check bench soak mutate kafka senders pictures lock clean

PYTHON ?= python3
MINUTES ?= 10
SEED ?= 1
# More than cores: tests of running parts wait half of their time.
PROCESSES ?= 3
ARGS ?=
# The contracts must still take what was published under those of this commit or folder.
AGAINST ?= $(shell git rev-parse --verify --quiet main >/dev/null && echo main || echo HEAD)

# Tests of rules alone need no Kafka: where ARGS names nothing but folders or files of theirs, no jars are fetched.
WITHOUT_KAFKA := tests/unit% tests/contract% tests/property%
ONLY_RULES := $(and $(filter $(WITHOUT_KAFKA),$(ARGS)),$(if $(filter-out $(WITHOUT_KAFKA) -%,$(ARGS)),,yes))

RUN := .venv/bin/python
EMBEDDED_READY := .venv/embedded.lock
READY := .venv/development.lock
JARS := deploy/kafka/libs/.complete
STYLES := services/metrics/pages/static/design-system/.complete
MUTATION_READY := .venv/mutation.lock
PEERS_READY := .venv/peers.lock
INSTALL := .venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r
NEW_ENVIRONMENT = rm -rf .venv; $(PYTHON) -m venv .venv; $(INSTALL) requirements/embedded.lock; cp requirements/embedded.lock $(EMBEDDED_READY)
COMPILE = .venv/uv/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --no-header $(ARGS)

help: ## what there is to say to make
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name what; do \
		printf '  make %-6s %s\n' "$$name" "$$what"; done
	@echo "'make up ARGS=--help' tells its settings."

# The help stands in a file, so that it can be read before anything is set up.
ifneq (,$(filter -h --help,$(ARGS)))
up: ## start the whole system on this machine, with a demonstration authority; Ctrl-C stops it
	@cat deploy/embedded/help.txt
else
up: $(EMBEDDED_READY) $(STYLES)
	@exec $(RUN) -m deploy.embedded $(ARGS)
endif

test: $(READY) $(STYLES) $(if $(ONLY_RULES),,$(JARS)) ## run every test, in PROCESSES=3; ARGS go to pytest
	$(RUN) -m pytest -n $(PROCESSES) --dist loadscope --no-loadscope-reorder --durations=15 --durations-min=1 $(ARGS)

check: $(READY) ## format, lint, types, import rules, generated files up to date, contracts compatible, OpenAPI and AsyncAPI as Spectral has them
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(RUN) -m contracts.generate --check
	$(RUN) -m contracts.compatibility --against $(AGAINST)
	$(RUN) -m deploy.grafana.build --check
	$(RUN) -m services.metrics.measures.document --check
	$(RUN) -m services.people.mapping.schema --check
	$(RUN) -m tests.spectral

bench: $(READY) $(PEERS_READY) $(JARS) ## measure figures beside SQL and DuckDB, throughput beside a floor and Quix Streams, latency, heavy readers, memory, the door, dirt
	$(RUN) -m tests.benchmark $(ARGS)

soak: $(READY) $(JARS) ## run the long tests once, then the fault campaign and the randomised tests for MINUTES=10, from SEED=1 on; ARGS names tests
	$(RUN) -m tests.soak --minutes $(MINUTES) --seed $(SEED) $(ARGS)

mutate: $(READY) $(MUTATION_READY) ## make small mistakes, one at a time, and tell which no test notices; ARGS names areas, or --help
	.venv/mutation/bin/python -m tests.mutation $(ARGS)

kafka: $(JARS) ## fetch the jars of Apache Kafka for tests

senders: $(READY) ## fetch the CloudEvents SDKs for Java and JavaScript for tests, which else fetch them when they first run
	$(RUN) -m tests.other_languages.senders

pictures: $(READY) $(STYLES) ## take the pictures of README.md anew, in Chromium
	$(RUN) -m tests.browser.pictures

lock: ## write requirements/*.lock anew from pyproject.toml; ARGS=--upgrade takes newer versions
	@test -x .venv/uv/bin/uv || { $(PYTHON) -m venv .venv/uv && .venv/uv/bin/pip install --quiet uv; }
	$(COMPILE) --extra embedded --extra test pyproject.toml -o requirements/development.lock
	$(COMPILE) --constraint requirements/development.lock pyproject.toml -o requirements/runtime.lock
	$(COMPILE) --constraint requirements/development.lock --extra embedded pyproject.toml -o requirements/embedded.lock
	$(COMPILE) requirements/node.in -o requirements/node.lock
	$(COMPILE) --extra embedded --extra test --extra mutation pyproject.toml -o requirements/mutation.lock
	$(COMPILE) requirements/peers.in -o requirements/peers.lock

clean: ## delete what was set up and cached; keeps .state, the data of 'make up'
	rm -rf .venv deploy/kafka/libs deploy/kafka/libs.partial .bench .mutation .screenshots $(dir $(STYLES))
	rm -rf tests/other_languages/java/libs tests/other_languages/javascript/node_modules tests/spectral/node_modules tests/browser/node_modules
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .schemathesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is a copy of the lock, written last: what is older, other or missing is made anew.
$(EMBEDDED_READY): requirements/embedded.lock
	@if cmp -s $< $@; then touch $@; else set -e; \
		$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
			{ echo "Python 3.11 or later is needed: set PYTHON=/path/to/python3.11"; exit 1; }; \
		$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
			{ echo "Python's venv module is missing: on Debian, apt-get install python3-venv"; exit 1; }; \
		echo "setting up .venv, once: this takes half a minute"; \
		$(NEW_ENVIRONMENT); fi

# The same packages, and those of the checks and tests beside them. After another lock no package of it is left.
$(READY): requirements/development.lock $(EMBEDDED_READY)
	@if cmp -s $< $@; then touch $@; else set -e; \
		echo "adding what checks and tests need, once: this takes a minute"; \
		if [ -e $@ ]; then $(NEW_ENVIRONMENT); fi; \
		$(INSTALL) $<; \
		cp $< $@; fi

# An environment beside the other one, for nobody needs its packages but `make mutate`.
$(MUTATION_READY): requirements/mutation.lock | $(READY)
	@if cmp -s $< $@; then touch $@; else set -e; \
		echo "setting up .venv/mutation, once: this takes a minute"; \
		rm -rf .venv/mutation; $(PYTHON) -m venv .venv/mutation; \
		.venv/mutation/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<; \
		cp $< $@; fi

# Likewise what `make bench` compares with: it wants other versions of what the services are made of.
$(PEERS_READY): requirements/peers.lock | $(READY)
	@if cmp -s $< $@; then touch $@; else set -e; \
		echo "setting up .venv/peers, once: this takes half a minute"; \
		rm -rf .venv/peers; $(PYTHON) -m venv .venv/peers; \
		.venv/peers/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<; \
		cp $< $@; fi

# The styles of the pages. Where there is no Node to fetch them, one from PyPI does, for this alone.
$(STYLES): deploy/design_system/package-lock.json | $(EMBEDDED_READY)
	@$(RUN) -m deploy.design_system && touch $@

# Without Maven or Java the tests that need Apache Kafka say so: here it is no error.
$(JARS): deploy/kafka/pom.xml
	@if command -v mvn >/dev/null && command -v java >/dev/null; then \
		echo "fetching the jars of Apache Kafka, once"; rm -rf deploy/kafka/libs deploy/kafka/libs.partial; \
		mvn -q -B -Dstyle.color=never -f $< dependency:copy-dependencies -DoutputDirectory=libs.partial \
		&& touch deploy/kafka/libs.partial/.complete && mv deploy/kafka/libs.partial deploy/kafka/libs \
		|| echo "the jars of Apache Kafka could not be fetched"; \
	else echo "no jars of Apache Kafka: mvn or java is missing (Debian: maven, openjdk-17-jre-headless)"; fi
