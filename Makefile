# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PYTHON=/path/to/python3 chooses the interpreter of .venv; without it the first Python 3.11 or newer found is taken.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: .venv audit demo check test docs matrix bench hops effect sanity integration scenarios mutations clean help

INVENTORY ?=
ARGS ?=
LINKS ?=
RUNS ?= 1
# That there is no inventory needs no warning where none is meant.
quiet := ANSIBLE_LOCALHOST_WARNING=false ANSIBLE_INVENTORY_UNPARSED_WARNING=false
run := .venv/bin/python tests/run.py

# A target that is always asked: install.sh itself knows whether there is anything to do.
.venv: ## Make or refresh the virtual environment, with the collection linked into it
	@requirements/install.sh test

audit: ## Audit this machine, or INVENTORY=hosts.ini; more options for ansible-playbook in ARGS="-b --limit web"
	@requirements/install.sh audit
	@$(if $(INVENTORY),,$(quiet)) .venv/bin/ansible-playbook $(if $(INVENTORY),-i $(INVENTORY)) audit.yml $(ARGS)

demo: ## A lossy pod, the audit, the change, the proof and the way back on this machine: one minute, as root
	@requirements/install.sh audit
	@.venv/bin/python tests/demo/run.py

check: .venv ## Lint, types, licence headers, unit and property tests: under two minutes
	@$(run) lint types unit

test: .venv ## Everything, as CI runs it: under an hour, as root
	@$(run)

docs: ## The site of the guides and the reference, in docs/build/html; LINKS=--links asks whether links elsewhere still lead
	@requirements/install.sh check
	@.venv/bin/python tests/docs/build.py $(LINKS)

matrix: .venv ## The fault matrix with real traffic, every case RUNS=1 times, as root
	@.venv/bin/python tests/matrix/run.py --runs $(RUNS) --jobs 2

bench: .venv ## What an audit costs on a node with 10,000 sockets and over 100 hosts, and the role where nothing differs
	@$(run) bench

hops: .venv ## Each loss on a path of three hosts RUNS=1 times: is the right hop named, with the right number; as root
	@.venv/bin/python tests/bench/hops.py --runs $(RUNS)

effect: .venv ## What the profile full saves of a burst on three emulated NICs: ARGS="--repeats 3", as root
	@.venv/bin/python tests/bench/effect.py $(ARGS)

sanity: .venv ## ansible-test sanity on the built collection, on every supported ansible-core
	@$(run) sanity

integration: .venv ## Audits of real hosts over SSH, in network namespaces, as root
	@$(run) integration

scenarios: .venv ## The molecule scenarios, on virtual machines and namespaces, as root
	@$(run) molecule

mutations: .venv ## Breaks of the code that the tests must notice, as root
	@.venv/bin/python tests/mutations/run.py

clean: ## Remove what the other targets made, reports of audits excepted
	@rm -rf .venv .venv.lock .cache tests/output .ansible .hypothesis .mypy_cache .pytest_cache .ruff_cache docs/build
	@rm -f rxpath-linux-*.tar.gz
	@find plugins tests -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## This list
	@awk -F ':.*## ' '/^[a-z.-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
