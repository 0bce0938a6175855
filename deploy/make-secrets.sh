#!/bin/sh
# Makes the secrets that deploy/compose.yaml mounts: random passwords and the addresses with them.
#   deploy/make-secrets.sh deploy/secrets
# Leaves what is there: a password that a database was made with cannot be made anew.
set -eu
folder=${1:?name the folder of the secrets}
umask 077
mkdir -p "$folder"

make_password() {
    [ -s "$folder/$1" ] || python3 -c 'import secrets; print(secrets.token_hex(32), end="")' > "$folder/$1"
}

make_password postgres_password
make_password redis_password
printf 'postgresql://assay:%s@postgres:5432/assay' "$(cat "$folder/postgres_password")" > "$folder/assay_database_url"
printf 'redis://:%s@redis:6379/0' "$(cat "$folder/redis_password")" > "$folder/assay_redis_url"
# Containers read the files as other users; the folder keeps other people of this machine out.
chmod 0700 "$folder"
chmod 0444 "$folder"/*
