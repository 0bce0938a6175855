#!/bin/sh
# Prepares .venv for `make run` (argument "run") or for the checks (argument "dev").
# Installs only what requirements/*.txt pin by hash. Safe to interrupt: the stamp comes last.
set -eu
cd "$(dirname "$0")/.."
want=${1:-run}

find_python() {
    for name in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    echo "Assay needs Python 3.11, 3.12 or 3.13. Install it (Debian: apt install python3 python3-venv; macOS: brew install python@3.13) or name it: make setup PYTHON=/path/to/python3.13" >&2
    exit 1
}

say() { printf '%s\n' "$*" >&2; }

stamp=.venv/.ready-$want
wanted=$(cat pyproject.toml "requirements/$want.txt" | cksum)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
    exit 0
fi

if ! [ -x .venv/bin/python ] || ! .venv/bin/python -c '' 2>/dev/null; then
    python=$(find_python)
    say "Preparing .venv with $($python --version) ..."
    if ! "$python" -m venv --clear .venv 2>/tmp/assay-venv-$$.log; then
        cat /tmp/assay-venv-$$.log >&2
        rm -f /tmp/assay-venv-$$.log
        say "The venv module is incomplete. Debian and Ubuntu: apt install python3-venv"
        exit 1
    fi
    rm -f /tmp/assay-venv-$$.log
fi

say "Installing $(grep -c '==' "requirements/$want.txt") pinned packages (a minute when they are not cached) ..."
# Modules are compiled when they are first imported: compiling all of them takes a third of the time.
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-compile --require-hashes --only-binary :all: -r "requirements/$want.txt"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .

if ! message=$(.venv/bin/python -c 'import lightgbm' 2>&1); then
    case $message in
        *libgomp*) say "LightGBM needs the OpenMP library. Debian and Ubuntu: apt install libgomp1; Fedora: dnf install libgomp" ;;
        *libomp*) say "LightGBM needs the OpenMP library. macOS: brew install libomp" ;;
        *) say "$message" ;;
    esac
    exit 1
fi
printf '%s' "$wanted" > "$stamp"
say "Ready: .venv/bin/assay"
