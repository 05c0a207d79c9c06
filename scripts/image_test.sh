#!/usr/bin/env bash
# Builds the image `lean` with buildah, runs it with podman as an operator would, and tries what the docs promise of it.
#
# Needs root and, from Debian: apt-get install buildah podman runc debootstrap. No registry of images: the base is made by
# debootstrap, unless BASE names an image. Packages come from where this machine's pip gets them. WORK (default: a folder
# of its own in /var/tmp) keeps layers between runs. See docs/operations.md.
set -euo pipefail
cd "$(dirname "$0")/.."

WORK=${WORK:-/var/tmp/ansatz-image-test}
SUITE=${SUITE:-bookworm}
MIRROR=${MIRROR:-http://deb.debian.org/debian}
PYTHON=${PYTHON:-.venv/bin/python}
export BUILDAH_ISOLATION=chroot
STORAGE=(--root "$WORK/storage" --runroot "$WORK/run" --storage-driver "${STORAGE_DRIVER:-overlay}")
RUN=(podman "${STORAGE[@]}" --cgroup-manager cgroupfs --runtime runc --log-level fatal)

step() { printf '\n== %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

# Nobody else's: what pip is configured with may hold a password.
install --directory --mode 0700 "$WORK"
[ -O "$WORK" ] || fail "$WORK is not this user's; give another WORK"
trap 'rm -f "$WORK/pip.conf"' EXIT

# pip's configuration and the local files that it names, lent to the build and in no layer of it.
$PYTHON - "$WORK" <<'PYTHON'
import pathlib, re, subprocess, sys

listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
options = dict(re.findall(r"^(?:global|:env:)\.([\w-]+)='(.*)'$", listed.stdout, re.M))
work = pathlib.Path(sys.argv[1])
(work / "pip.conf").write_text("[global]\n" + "".join(f"{name} = {value}\n" for name, value in options.items()))
words = " ".join(options.values()).replace("file://", "").split()
folders = {str(p if p.is_dir() else p.parent) for p in map(pathlib.Path, words) if p.is_absolute() and p.exists()}
# An index of local files names others beside it.
roots = {str(pathlib.Path(*pathlib.Path(f).parts[:3])) if f.endswith("/simple") else f for f in folders}
(work / "volumes").write_text("".join(f"{folder}\n" for folder in sorted(roots)))
PYTHON
VOLUMES=()
while read -r folder; do VOLUMES+=(--volume "$folder:$folder:ro"); done <"$WORK/volumes"

if [ -z "${BASE:-}" ]; then
  BASE=localhost/ansatz-test-base
  if ! "${RUN[@]}" image exists "$BASE"; then
    step "base image by debootstrap"
    debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates "$SUITE" "$WORK/base" "$MIRROR" >"$WORK/base.log"
    rm -rf "$WORK"/base/var/cache/apt/archives/*.deb "$WORK"/base/var/lib/apt/lists/*
    tar -C "$WORK/base" -c . | "${RUN[@]}" import - "$BASE" >/dev/null
    rm -rf "$WORK/base"
  fi
fi

step "build"
started=$SECONDS
buildah "${STORAGE[@]}" build --format docker --layers --target lean --build-arg BASE="$BASE" \
  --secret id=pip.conf,src="$WORK/pip.conf" "${VOLUMES[@]}" --tag ansatz-test:lean . >"$WORK/build.log" 2>&1 \
  || { tail -30 "$WORK/build.log" >&2; fail "the image was not built"; }
echo "built in $((SECONDS - started)) s"
"${RUN[@]}" images --format '{{.Repository}}:{{.Tag}} {{.Size}}' | grep -E "ansatz-test"
scripts/image_check.sh localhost/ansatz-test:lean "$PYTHON" "${RUN[@]}"
