#!/usr/bin/env bash
# Installs the tools that the interoperability tests run into a cache outside the checkout, unless
# they are there, and exports where: PATCHKIT_INTEROP. Source it, or run it once by hand; the tests
# find the default folder by themselves.
set -euo pipefail

export PATCHKIT_INTEROP="${PATCHKIT_INTEROP:-${XDG_CACHE_HOME:-$HOME/.cache}/patchkit-interop}"
mkdir -p "$PATCHKIT_INTEROP"
interop_here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

# Python peers: $PATCHKIT_INTEROP/venv
interop_wanted="$interop_here/interop-requirements.txt"
if ! cmp -s "$interop_wanted" "$PATCHKIT_INTEROP/venv/requirements.txt"; then
  if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
  fi
  rm -rf "$PATCHKIT_INTEROP/venv"
  python3 -m venv "$PATCHKIT_INTEROP/venv"
  "$PATCHKIT_INTEROP/venv/bin/pip" install --quiet --disable-pip-version-check -r "$interop_wanted"
  # Last, as the mark of a whole installation.
  cp "$interop_wanted" "$PATCHKIT_INTEROP/venv/requirements.txt"
fi

# Registry peers: $PATCHKIT_INTEROP/bin
interop_bin="$PATCHKIT_INTEROP/bin"
mkdir -p "$interop_bin"
if [ ! -x "$interop_bin/docker-registry" ] || [ ! -x "$interop_bin/skopeo" ]; then
  if ! command -v docker-registry >/dev/null || ! command -v skopeo >/dev/null; then
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends docker-registry skopeo >/dev/null
  fi
  ln -sf "$(command -v docker-registry)" "$(command -v skopeo)" "$interop_bin/"
fi
# Makes system calls fail: $PATCHKIT_INTEROP/bin
if [ ! -x "$interop_bin/strace" ]; then
  if ! command -v strace >/dev/null; then
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends strace >/dev/null
  fi
  ln -sf "$(command -v strace)" "$interop_bin/"
fi
if [ ! -x "$interop_bin/oras" ]; then
  if ! command -v go >/dev/null; then
    echo "oras is built with Go 1.24 or newer, which is not installed" >&2
    exit 1
  fi
  GOBIN="$interop_bin" go install oras.land/oras/cmd/oras@v1.3.6
fi
