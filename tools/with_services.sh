#!/usr/bin/env bash
# Runs a command beside a PostgreSQL and a Redis of its own, on free ports of the loopback, and stops
# them afterwards. What is not installed is left out: the tests that need it skip and say so, or
# fail where ASSAY_REQUIRE=all. Nothing that already runs on the machine is touched.
set -euo pipefail

folder=$(mktemp -d "${TMPDIR:-/tmp}/assay-services.XXXXXX")
chmod 755 "$folder"

# PostgreSQL refuses to run as root; Debian's packages bring a user for it.
as_postgres() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

stop() {
    [ -z "${redis:-}" ] || kill "$redis" 2>/dev/null || true
    [ -z "${postgres:-}" ] || as_postgres "$postgres/pg_ctl" -D "$folder/pg" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap stop EXIT

find_postgres() {
    local found
    found=$(command -v initdb || ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -V | tail -1 || true)
    [ -z "$found" ] || dirname "$(readlink -f "$found")"
}

postgres=$(find_postgres)
if [ -n "$postgres" ] && { [ "$(id -u)" != 0 ] || id postgres >/dev/null 2>&1; }; then
    [ "$(id -u)" != 0 ] || chown postgres "$folder"
    port=$(free_port)
    as_postgres "$postgres/initdb" -D "$folder/pg" -U postgres -A trust -E UTF8 --no-sync >"$folder/initdb.log" 2>&1
    as_postgres "$postgres/pg_ctl" -D "$folder/pg" -w -l "$folder/pg/server.log" \
        -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=200 -c fsync=off" \
        start >/dev/null || { cat "$folder/pg/server.log" >&2; exit 1; }
    export ASSAY_TEST_DATABASE_URL="postgresql://postgres@127.0.0.1:$port/postgres"
else
    postgres=""
fi

if command -v redis-server >/dev/null; then
    port=$(free_port)
    (cd "$folder" && exec redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no >"$folder/redis.log" 2>&1) &
    redis=$!
    export ASSAY_TEST_REDIS_URL="redis://127.0.0.1:$port/0"
fi

"$@"
