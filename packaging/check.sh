#!/usr/bin/env bash
# Every check of the sources, with the tools in BIN; all of them run, then the failed ones are named.
#
#     packaging/check.sh BIN      e.g. .venv/bin
set -uo pipefail

bin=$1
failed=()

check() {
    echo "== $1"
    "$bin/${@:2:1}" "${@:3}" || failed+=("$1")
}

check style ruff check --quiet
check format ruff format --check --quiet
check types mypy
check imports lint-imports --no-logo
check translations python packaging/translations.py verify

[ "${#failed[@]}" -eq 0 ] && exit 0
echo "Failed checks: ${failed[*]}" >&2
exit 1
