# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash

# Completes the full names of playbooks in installed collections: ansible-playbook rxpath.linux.<Tab>
# Whatever completed ansible-playbook before goes on completing everything else.

_rxpath_collections() {
    local directories program
    IFS=: read -r -a directories <<< "${ANSIBLE_COLLECTIONS_PATH:-$HOME/.ansible/collections:/usr/share/ansible/collections}"
    program=$(readlink -f -- "$(type -P ansible-playbook)")
    printf '%s\n' "${directories[@]/%//ansible_collections}" \
        "${program%/bin/*}"/lib/python3*/site-packages/ansible_collections
}

_rxpath_playbooks() {
    local directory file namespace collection playbook
    while read -r directory; do
        directory=${directory/#\~/$HOME}
        for file in "$directory"/*/*/playbooks/*.{yml,yaml}; do
            [[ -f $file ]] || continue
            IFS=/ read -r namespace collection _ playbook <<< "${file#"$directory"/}"
            printf '%s\n' "$namespace.$collection.${playbook%.*}"
        done
    done < <(_rxpath_collections)
}

_rxpath_complete() {
    local word=${COMP_WORDS[COMP_CWORD]}
    COMPREPLY=()
    if [[ -n $word && $word != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_rxpath_playbooks | sort -u)" -- "$word")
    fi
    if [[ ${#COMPREPLY[@]} -eq 0 && -n ${_rxpath_before:-} ]]; then
        "$_rxpath_before" "$@"
    fi
}

if [[ $(complete -p ansible-playbook 2> /dev/null) =~ -F\ ([^ ]+) && ${BASH_REMATCH[1]} != _rxpath_complete ]]; then
    _rxpath_before=${BASH_REMATCH[1]}
fi
complete -o bashdefault -o default -F _rxpath_complete ansible-playbook
