# The two commands (make demo, make test) and the daily ones.
export PORT ?= 8000
MAKEFLAGS += --no-print-directory
PYTHON := .venv/bin/python

.PHONY: help demo test setup set-up-to-run check bench drills reset lock messages
.NOTPARALLEL:

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 16

demo: set-up-to-run ## the demo towns on http://127.0.0.1:8000 (PORT= for another); Ctrl-C ends it
	@exec $(PYTHON) -m config.run demo

test: setup ## everything that is checked before a change lands
	@exec $(PYTHON) -m config.run test

setup: ## install what the demo and the tests need, each part only when it is missing
	@sh config/install.sh all

set-up-to-run:
	@sh config/install.sh run

check: setup ## the quick half: format, lint, types, contracts
	@exec $(PYTHON) -m config.run check

bench: setup ## benchmarks, one line a row; also var/bench.json (ROWS="served siting" for some of them)
	@exec $(PYTHON) -m config.run bench $(ROWS)

drills: setup ## the long drills: races, crashes, hostile files
	@exec $(PYTHON) -m config.run drills

reset: ## forget the demo's database and files
	@exec python3 -m config.run reset

lock: setup ## make the locks anew from requirements*.in and package.json
	@for name in requirements requirements-dev requirements-ogctests; do \
		$(PYTHON) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
			--no-emit-index-url --no-header --output-file $$name.txt $$name.in || exit 1; \
	done
	@npm install --package-lock-only --ignore-scripts --no-audit --no-fund

messages: setup ## collect the texts to translate for nl, fr and de
	@exec $(PYTHON) -m config.run messages
