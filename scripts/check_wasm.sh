#!/usr/bin/env bash
# Rebuilds the core in a temporary folder and fails unless it is the committed one, byte for byte.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
bash scripts/build_wasm.sh "$folder/core.wasm"
if ! cmp "$folder/core.wasm" src/backends/wasm/core.wasm; then
  echo "check_wasm: src/backends/wasm/core.wasm is not what wasm/ builds. Run: npm run build:wasm" >&2
  exit 1
fi
