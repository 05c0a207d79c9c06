#!/usr/bin/env bash
# PostgreSQL's programs for the tests, from the system's packages: where they are missing and this is root on Debian.
# Elsewhere the tests that need them are skipped, and say so.
set -euo pipefail
if command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; then
  echo "PostgreSQL is here"
elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq && apt-get install -qq --no-install-recommends postgresql >/dev/null ||
    echo "PostgreSQL could not be installed: tests that need it are skipped"
else
  echo "PostgreSQL is missing: tests that need it are skipped"
fi
