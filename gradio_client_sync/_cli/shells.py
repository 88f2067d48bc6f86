"""Completion scripts for bash, zsh and fish.

The script passes the line up to the cursor, and gets a line for each completion: its kind, a
comma and the text. The kind ``part`` stands for a text after which the word continues, such as
``style=`` or a folder. For ``file`` and ``dir`` the shell completes paths itself.

The scripts of click are not used: they split words at the colon of a URL and at the ``@`` of a
file, and cannot leave out the space after a completion.
"""

from __future__ import annotations

import os
import re
import shlex
from typing import Any

from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
)

_BASH = r"""
FUNCTION() {
    local reply line
    COMPREPLY=()
    reply=$(COMP_LINE="${COMP_LINE:0:COMP_POINT}" COMP_BREAKS="$COMP_WORDBREAKS" \
        VARIABLE=bash_complete "$1" 2>/dev/null)
    while IFS= read -r line; do
        case ${line%%,*} in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            part) compopt -o nospace; COMPREPLY+=("${line#*,}") ;;
            plain) COMPREPLY+=("${line#*,}") ;;
        esac
    done <<< "$reply"
}
complete -o nosort -F FUNCTION PROGRAM
"""

_ZSH = r"""
#compdef PROGRAM
FUNCTION() {
    local -a lines described plain parts
    local line value
    lines=("${(@f)$(COMP_LINE="${(pj: :)words[1,CURRENT]}" VARIABLE=zsh_complete "${words[1]}" \
        2>/dev/null)}")
    for line in "${lines[@]}"; do
        value="${line#*,}"
        case "${line%%,*}" in
            dir) _path_files -/ ;;
            file) _path_files -f ;;
            part) parts+=("$value") ;;
            plain)
                if [[ "$value" == *$'\t'* ]]; then
                    described+=("${${value%%$'\t'*}//:/\\:}:${value#*$'\t'}")
                else
                    plain+=("$value")
                fi ;;
        esac
    done
    (( $#described )) && _describe -V unsorted described
    (( $#plain )) && compadd -V unsorted -a plain
    (( $#parts )) && compadd -V unsorted -S '' -a parts
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    FUNCTION "$@"
else
    compdef FUNCTION PROGRAM
fi
"""

_FISH = r"""
function FUNCTION
    set -lx COMP_LINE (commandline -cp | string collect)
    set -lx VARIABLE fish_complete
    for line in (PROGRAM 2>/dev/null)
        set -l item (string split -m 1 "," -- $line)
        switch $item[1]
            case dir
                __fish_complete_directories $item[2]
            case file
                __fish_complete_path $item[2]
            case plain part
                echo $item[2]
        end
    end
end
complete --no-files --command PROGRAM --arguments "(FUNCTION)"
"""


class _Shell(ShellComplete):
    """Reads the words of a line, and writes completions."""

    script = ""

    def source(self) -> str:
        """Return the script."""
        text = self.script.replace("FUNCTION", self.func_name)
        text = text.replace("VARIABLE", self.complete_var).replace("PROGRAM", self.prog_name)
        return text.lstrip("\n")

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the complete words after the program, and the word at the cursor."""
        words, _ = words_of(os.environ.get("COMP_LINE", ""))
        return words[1:-1], words[-1] if len(words) > 1 else ""

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """Return the line for one completion."""
        about = f"\t{item.help}" if item.help else ""
        return f"{item.type},{item.value}{about}"


class _Bash(_Shell, BashComplete):
    script = _BASH

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """Return the text that replaces the part of the word that bash treats as the word."""
        words, is_quoted = words_of(os.environ.get("COMP_LINE", ""))
        value = str(item.value)
        if item.type in ("plain", "part") and not is_quoted:
            value = value[break_in(words[-1], os.environ.get("COMP_BREAKS", "")) :]
            value = re.sub(r"([^\w@%+=:,./~-])", r"\\\1", value)
        return f"{item.type},{value}"


class _Zsh(_Shell, ZshComplete):
    script = _ZSH


class _Fish(_Shell, FishComplete):
    script = _FISH


def add_shells() -> None:
    """Let click use these scripts."""
    for kind in (_Bash, _Zsh, _Fish):
        add_completion_class(kind)


def words_of(line: str) -> tuple[list[str], bool]:
    """Return the words of an unfinished line, and whether a quote is open at its end."""
    for quote in ("", "'", '"'):
        try:
            words = shlex.split(f"{line}.{quote}")  # the dot is for a line that ends with a space
        except ValueError:
            continue
        return [*words[:-1], words[-1][:-1]], bool(quote)
    return [""], False


def break_in(word: str, breaks: str) -> int:
    """Return where bash's own word begins in a word: after its last break, or at an ``@``."""
    found = max((word.rfind(char) for char in breaks if char not in " \t\n\"'"), default=-1)
    return found if word[found : found + 1] == "@" else found + 1
