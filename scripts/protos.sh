#!/usr/bin/env bash
# Generates the typed stubs beside the .proto files; with --check, fails where the committed ones differ.
# Run in an environment that has the dependency group "protos" (`make protos` does).
set -euo pipefail
cd "$(dirname "$0")/.."

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
python -m grpc_tools.protoc -Iproto \
  --python_out="$fresh" --grpc_python_out="$fresh" --mypy_out="quiet:$fresh" --mypy_grpc_out="quiet:$fresh" \
  proto/ansatz/v1/*.proto
# A file without a service gets an empty gRPC stub; keep only the service's.
find "$fresh" -name '*_pb2_grpc.py*' ! -name 'discovery_service_pb2_grpc.py*' -delete

committed() { (cd proto && find ansatz -name '*_pb2*.py*' -not -path '*/__pycache__/*' | sort); }
generated() { (cd "$fresh" && find ansatz -type f | sort); }

if [ "${1:-}" = --check ]; then
  diff <(committed) <(generated) || { echo "stubs are missing or left over: run make protos" >&2; exit 1; }
  while read -r stub; do
    cmp -s "proto/$stub" "$fresh/$stub" || { echo "$stub is out of date: run make protos" >&2; exit 1; }
  done < <(generated)
  echo "stubs are up to date"
else
  committed | (cd proto && xargs -r rm -f)
  cp -r "$fresh/ansatz" proto/
  echo "generated $(generated | wc -l) files"
fi
