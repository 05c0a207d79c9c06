#!/usr/bin/env bash
# Builds the wheel and installs it where nothing else is: the base install must be the thin client and nothing more,
# and the command must name the extra that it misses.
set -euo pipefail
cd "$(dirname "$0")/.."

checkout=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "building the wheel"
.venv/bin/python -m pip wheel --quiet --no-deps --wheel-dir "$work" .
.venv/bin/python -m venv "$work/thin"
wheel=$(echo "$work"/ansatz_discovery-*.whl)

# Away from the checkout, so that nothing is imported from it.
cd "$work"
thin/bin/python -m pip install --quiet "$wheel"
thin/bin/python "$checkout/scripts/check_thin.py"

# names_extra EXTRA ARGUMENT…: the command exits 2 and says how to install the extra.
names_extra() {
  local extra=$1 said status=0
  shift
  said=$(thin/bin/ansatz "$@" 2>&1) || status=$?
  if [ "$status" != 2 ] || [[ "$said" != *"ansatz-discovery[$extra]"* ]]; then
    printf 'ansatz %s: exit %s, expected 2 and a message that names ansatz-discovery[%s]; it said:\n%s\n' \
      "$*" "$status" "$extra" "$said" >&2
    return 1
  fi
  echo "without the extra, ansatz $1 says: $said"
}

printf 'x,y\n1,1\n2,2\n3,3\n4,4\n5,5\n' >data.csv
names_extra cli discover data.csv --target y
thin/bin/python -m pip install --quiet "$wheel[cli]"
names_extra server discover data.csv --target y
