#!/bin/sh
# Every figure the project claims, measured beside its peer or physical limit in the same run.
# `bench/run.sh features serving` runs only those. Peers live in an environment of their own.
set -eu
cd "$(dirname "$0")/.."
venv=.bench-venv
wanted=$(cat requirements/dev.txt bench/requirements.txt | cksum)
if ! [ -f "$venv/.ready" ] || [ "$(cat "$venv/.ready")" != "$wanted" ]; then
    echo "Preparing $venv with the peers we measure against ..." >&2
    .venv/bin/python -m venv --clear "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: -r requirements/dev.txt
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: -r bench/requirements.txt
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
    printf '%s' "$wanted" > "$venv/.ready"
fi
mkdir -p bench/results
failed=""
for directory in bench/*/; do
    name=$(basename "$directory")
    [ -f "$directory/run.py" ] || continue
    case " ${*:-$name} " in *" $name "*) ;; *) continue ;; esac
    printf '\n== %s ==\n' "$name"
    "$venv/bin/python" "$directory/run.py" || failed="$failed $name"
done
[ -z "$failed" ] || { echo "below target:$failed"; exit 1; }
