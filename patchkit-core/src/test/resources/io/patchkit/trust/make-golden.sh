#!/usr/bin/env bash
# Makes the golden bundles anew with the PyPI package model-signing (.ci/interop-tools.sh installs
# it): one for each curve, over the patch in this folder. Run it here; the keys are thrown away.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
tool="${PATCHKIT_INTEROP:-${XDG_CACHE_HOME:-$HOME/.cache}/patchkit-interop}/venv/bin/model_signing"
private="$(mktemp)"
trap 'rm -f "$private"' EXIT
for curve in prime256v1:P256 secp384r1:P384 secp521r1:P521; do
  openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:${curve%:*}" -out "$private"
  openssl pkey -in "$private" -pubout -out "${curve#*:}.pub"
  "$tool" sign key refuse-harm --private_key "$private" --signature "${curve#*:}.sig"
done
