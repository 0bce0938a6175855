#!/bin/sh
# Every figure the project claims, measured beside its peer or physical limit in the same run.
# `bench/run.sh features serving` runs only those. Peers live in an environment of their own; a
# folder with a requirements.txt has peers that get along with nobody, in .bench-venv-FOLDER.
set -eu
cd "$(dirname "$0")/.."

# prepare VENV FILE...: an environment of exactly these pinned wheels, made anew when they change.
prepare() {
    venv=$1; shift
    wanted=$(cat "$@" | cksum)
    if [ -f "$venv/.ready" ] && [ "$(cat "$venv/.ready")" = "$wanted" ]; then return; fi
    echo "Preparing $venv with the peers we measure against ..." >&2
    .venv/bin/python -m venv --clear "$venv"
    for file; do
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: -r "$file"
    done
    printf '%s' "$wanted" > "$venv/.ready"
}

ours=.bench-venv
prepare "$ours" requirements/dev.txt bench/requirements.txt
"$ours/bin/python" -c "import assay" 2>/dev/null ||
    "$ours/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
mkdir -p bench/results
failed=""
for directory in bench/*/; do
    name=$(basename "$directory")
    [ -f "$directory/run.py" ] || continue
    case " ${*:-$name} " in *" $name "*) ;; *) continue ;; esac
    [ ! -f "$directory/requirements.txt" ] || prepare ".bench-venv-$name" "$directory/requirements.txt"
    printf '\n== %s ==\n' "$name"
    "$ours/bin/python" "$directory/run.py" || failed="$failed $name"
done
[ -z "$failed" ] || { echo "below target:$failed"; exit 1; }
