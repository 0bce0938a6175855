#!/bin/sh
# Makes the tests of the TypeScript client, of the web app and of anchors possible: node 20.19 or later
# (the machine's, else a pinned wheel in .venv), the packages of their locks, and an EVM node
# (tests/chain). Run by CI; without it those tests skip.
set -eu
cd "$(dirname "$0")/.."

is_new_enough() {
    "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null
}

if ! { command -v npm >/dev/null && is_new_enough node; }; then
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: -r requirements/node.txt
    PATH="$PWD/.venv/bin:$PATH"
    export PATH
fi
for folder in clients/typescript tests/chain web; do
    (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --silent)
done
