#!/usr/bin/env bash
# scripts/image_check.sh IMAGE PYTHON PODMAN…: runs the image with the given podman command as an operator would, and
# tries what docs/operations.md promises of it. Called by image_test.sh.
set -euo pipefail
cd "$(dirname "$0")/.."

IMAGE=$1 PYTHON=$2
shift 2
RUN=("$@")
PORT=${PORT:-50951}
NAME=ansatz-image-test-$$
DATA=$(mktemp -d)
chown 10001:10001 "$DATA"

step() { printf '\n== %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; "${RUN[@]}" logs "$NAME" 2>&1 | tail -20 >&2 || true; exit 1; }
clean() { "${RUN[@]}" rm --force --time 5 "$NAME" >/dev/null 2>&1 || true; rm -rf "$DATA" "$DATA".*; }
trap clean EXIT

start() {
  "${RUN[@]}" run --detach --name "$NAME" --network host --read-only --read-only-tmpfs=false --tmpfs /tmp --cap-drop all --security-opt no-new-privileges \
    --ulimit nofile=1024:1024 --ulimit nproc=4096:4096 --volume "$DATA:/data" \
    --env ANSATZ_LISTEN="127.0.0.1:$PORT" --env ANSATZ_WORKERS=1 "$IMAGE" >/dev/null 2>&1
  local begun=$SECONDS
  until "${RUN[@]}" exec "$NAME" python -P -m ansatz.service.health >/dev/null 2>&1; do
    [ $((SECONDS - begun)) -lt 180 ] || fail "the server is not healthy after 180 s"
    sleep 1
  done
  echo "healthy $((SECONDS - begun)) s after its start"
}
ansatz() { PYTHONPATH=client:proto "$PYTHON" -c 'from ansatz.client.cli import main; main()' "$@"; }

step "without TLS or ANSATZ_INSECURE it does not listen where others reach it"
status=0
said=$("${RUN[@]}" run --rm --network host --ulimit nofile=1024:1024 --ulimit nproc=4096:4096 "$IMAGE" 2>&1) || status=$?
[ "$status" = 2 ] || fail "exit $status, expected 2: $said"
echo "$said" | grep error:

step "start"
start

step "a job from outside"
ansatz discover examples/kepler/planets.csv --target period --inputs semi_major_axis --budget 20 \
  --server "127.0.0.1:$PORT" 2>/dev/null | head -3
ansatz jobs list --server "127.0.0.1:$PORT" >"$DATA.before" 2>/dev/null

step "no process of root"
"${RUN[@]}" exec "$NAME" sh -c 'for p in /proc/[0-9]*; do awk "/^Uid:|^Name:|^CapEff:|^NoNewPrivs:/ { printf \"%s \", \$2 } END { print \"\" }" $p/status; done' \
  | tee "$DATA.processes"
! awk '$2 == 0' "$DATA.processes" | grep . || fail "a process of root"

step "what its user can write to"
"${RUN[@]}" exec "$NAME" sh -c 'find / -xdev \( -type f -o -type d \) -writable -print 2>/dev/null || true' \
  | sort | tee "$DATA.writable"
[ "$(cat "$DATA.writable")" = $'/data\n/tmp' ] || fail "more can be written to than the data volume and the temporary folder"
"${RUN[@]}" exec "$NAME" sh -c 'for d in / /venv /app /etc /usr /var/tmp /run /data /tmp; do
  if touch $d/t 2>/dev/null; then rm $d/t; echo "$d: writable"; else echo "$d: not writable"; fi; done' | tee "$DATA.places"
for place in / /venv /app /etc /usr /var/tmp /run; do grep -q "^$place: not" "$DATA.places" || fail "$place can be written to"; done

step "stop is graceful"
"${RUN[@]}" stop --time 60 "$NAME" >/dev/null
status=$("${RUN[@]}" inspect "$NAME" --format '{{.State.ExitCode}}')
[ "$status" = 0 ] || fail "exit $status after SIGTERM"
echo "exit 0"

step "jobs are there after a restart on the same volume"
"${RUN[@]}" rm "$NAME" >/dev/null
start
ansatz jobs list --server "127.0.0.1:$PORT" 2>/dev/null >"$DATA.after"
cmp "$DATA.before" "$DATA.after" || fail "other jobs than before"
cat "$DATA.after"

step "the image is as it should be"
