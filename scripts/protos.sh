#!/usr/bin/env bash
# Generates the typed stubs beside the .proto files; with --check, fails where the committed ones differ.
# Run in an environment that has the dependency group "protos".
set -euo pipefail
cd "$(dirname "$0")/.."
out=proto
[ "${1:-}" = "--check" ] && out=$(mktemp -d) && trap 'rm -rf "$out"' EXIT
python -m grpc_tools.protoc -Iproto \
  --python_out="$out" --grpc_python_out="$out" --mypy_out="$out" --mypy_grpc_out="$out" proto/ansatz/v1/*.proto 2>/dev/null
# A file without a service gets an empty gRPC stub; keep only the service's.
find "$out" -name '*_pb2_grpc.py*' ! -name 'discovery_service_pb2_grpc.py*' -delete
if [ "$out" != proto ]; then
  for f in proto/ansatz/v1/*_pb2*; do cmp "$f" "$out/ansatz/v1/$(basename "$f")"; done
  [ "$(ls proto/ansatz/v1/*_pb2* | wc -l)" = "$(ls "$out"/ansatz/v1/*_pb2* | wc -l)" ]
  echo "stubs are up to date"
fi
