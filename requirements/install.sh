#!/usr/bin/env bash
# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Makes .venv, or brings it up to date: install.sh audit|check|test, each holding what the one before it holds.
# PYTHON=/path/to/python3 chooses the interpreter. Does nothing where nothing is to be done.

set -euo pipefail

level=${1:?usage: install.sh audit|check|test}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
venv=$root/.venv

case $level in
    audit) enough="audit check test" ;;
    check) enough="check test" ;;
    test) enough="test" ;;
    *) echo "install.sh: $level is none of audit, check, test" >&2; exit 64 ;;
esac

fail() { echo "$*" >&2; exit 1; }

suits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

# A name of pyenv can be a shim that leads nowhere, so every candidate is run.
find_python() {
    local candidate without_venv=
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14 \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[1-4]*/bin/python3}; do
        suits "$candidate" || continue
        candidate=$("$candidate" -c 'import sys; print(sys.executable)')
        if "$candidate" -c 'import ensurepip, venv' >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
        without_venv=${without_venv:-$candidate}
    done
    [ -z "$without_venv" ] || fail "$without_venv cannot make virtual environments;" \
        "on Debian and Ubuntu: apt-get install python3-venv"
    fail "No Python 3.11 or newer found${PYTHON:+ at $PYTHON}: install one, or name it: make PYTHON=/path/to/python3 ..."
}

# What the environment was made from; another place, another interpreter or other pins make it anew.
wanted() { { echo "$root"; cat "$root"/requirements/*.txt "$root/requirements/install.sh"; } | cksum; }

# Two targets of one make, or two makes, may come here at once.
exec 9>"$root/.venv.lock"
flock 9

now=$(wanted)
for installed in $enough; do
    if [ "$now" = "$(cat "$venv/.installed-$installed" 2>/dev/null)" ] && suits "$venv/bin/python"; then
        [ -z "${PYTHON:-}" ] || [ "$("$venv/bin/python" -c 'import sys; print(sys.base_prefix)')" = \
            "$("$PYTHON" -c 'import sys; print(sys.base_prefix)')" ] || continue
        exit 0
    fi
done

python=$(find_python)
case $(cat "$venv"/.installed-* 2>/dev/null || true) in
    *"$now"*) [ -z "${PYTHON:-}" ] || "$python" -m venv --clear "$venv" ;;
    *) "$python" -m venv --clear "$venv" ;;
esac

echo "Installing what \"$level\" needs into .venv with $python" >&2
# -qq: pip's warnings about indexes that do not hold every package help nobody here; its errors stay.
"$venv/bin/python" -m pip install -qq --disable-pip-version-check \
    -c "$root/requirements/constraints.txt" -r "$root/requirements/$level.txt" ||
    fail "Could not install requirements/$level.txt into .venv; pip's message stands above."

# The working tree is the collection, for Ansible, pytest and lint alike; mypy refuses to look into site-packages.
site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
for tree in "$site" "$venv/tree"; do
    mkdir -p "$tree/ansible_collections/rxpath"
    ln -sfn "$root" "$tree/ansible_collections/rxpath/linux"
done
echo "$now" >"$venv/.installed-$level"
