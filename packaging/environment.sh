#!/usr/bin/env bash
# Makes the virtual environment VENV with MTL Studio, editable, and the named extras in it.
#
#     packaging/environment.sh VENV [EXTRAS]      e.g. .venv test,dev
#
# PYTHON names the Python to use; otherwise the first one that is new enough is taken. `uv` is used where there is one.
set -euo pipefail

venv=$1
wanted=".${2:+[$2]}"

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    local candidate
    for candidate in ${PYTHON:-python3 python3.12 python3.11 python3.13 python3.14}; do
        if is_new_enough "$candidate"; then
            command -v "$candidate"
            return 0
        fi
    done
    return 1
}

ensure_venv_module() {
    local python=$1 package
    "$python" -c 'import ensurepip, venv' 2>/dev/null && return 0
    package="$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        echo "Installing $package"
        { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y "$package"; } >/dev/null &&
            return 0
    fi
    fail "$python cannot make virtual environments. On Debian and Ubuntu:" \
        "    sudo apt-get install $package" "Then run the same command again."
}

make_venv() {
    local python
    is_new_enough "$venv/bin/python" && return 0
    if ! python=$(find_python); then
        if command -v uv >/dev/null && [ -z "${PYTHON:-}" ]; then
            UV_VENV_CLEAR=1 uv venv --python '>=3.11' "$venv" # uv brings one
            return 0
        fi
        fail "MTL Studio needs Python 3.11 or newer; ${PYTHON:-python3} is older or not there." \
            "Install one, or name it: make PYTHON=/path/to/python3.12 run"
    fi
    echo "Making $venv with $("$python" --version)"
    if command -v uv >/dev/null; then
        UV_VENV_CLEAR=1 uv venv --python "$python" "$venv"
    else
        ensure_venv_module "$python"
        "$python" -m venv --clear "$venv"
    fi
}

install() {
    echo "Installing $wanted (PyTorch with its GPU libraries is about 5 GB)"
    if command -v uv >/dev/null; then
        uv pip install --python "$venv/bin/python" -e "$wanted"
        return 0
    fi
    "$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$venv/bin/python" -m ensurepip --upgrade
    "$venv/bin/python" -m pip install --disable-pip-version-check --progress-bar off --quiet -e "$wanted"
}

make_venv
install
