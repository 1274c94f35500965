#!/usr/bin/env bash
# Rebuilds the core's modules, and the kernel of docs/examples, in a temporary folder and fails unless they are the committed ones, byte
# for byte.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
bash scripts/build_wasm.sh "$folder/core"
for file in src/backends/wasm/*.wasm "$folder"/core/*.wasm; do
  name=$(basename "$file")
  if ! cmp "$folder/core/$name" "src/backends/wasm/$name"; then
    echo "check_wasm: src/backends/wasm/$name is not what wasm/ builds. Run: npm run build:wasm" >&2
    exit 1
  fi
done
example=docs/examples/custom_kernel
bash $example/build.sh "$folder/kernel.wasm"
if ! cmp "$folder/kernel.wasm" $example/kernel.wasm; then
  echo "check_wasm: $example/kernel.wasm is not what kernel.c builds. Run: $example/build.sh" >&2
  exit 1
fi
