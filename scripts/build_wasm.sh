#!/usr/bin/env bash
# Builds the reference core, src/backends/wasm/core.wasm, from wasm/**/*.c with Debian's emscripten, and prints
# the compiler's version and the result's SHA-256. Two builds give the same bytes (CI checks it), so the
# built file is committed and nobody needs emscripten to use or test the library. Nothing to edit per operator.
# Usage: scripts/build_wasm.sh [OUTPUT]
set -euo pipefail
cd "$(dirname "$0")/.."
output=${1:-src/backends/wasm/core.wasm}
if ! command -v emcc >/dev/null; then
  echo "build_wasm: emcc is not installed. Run: apt-get install -y --no-install-recommends emscripten" >&2
  exit 1
fi
# -ffp-contract=off: a product and a sum are two roundings (R2). No relaxed SIMD, no fast-math, no libm.
# Sorted file names, so that the order of the input never depends on the file system.
mapfile -t sources < <(find wasm -name '*.c' | LC_ALL=C sort)
mkdir -p "$(dirname "$output")"
emcc "${sources[@]}" -o "$output" \
  -O3 -msimd128 -mbulk-memory -ffp-contract=off -std=c11 -Wall -Wextra -Werror -Iwasm \
  -fno-builtin-memset -fno-builtin-memcpy \
  -sSTANDALONE_WASM --no-entry -sALLOW_MEMORY_GROWTH -sALLOW_TABLE_GROWTH -sMAXIMUM_MEMORY=4GB \
  -sINITIAL_MEMORY=1MB -sTOTAL_STACK=256KB \
  -Wl,--export-table -Wl,--export=__heap_base
emcc --version | sed -n 1p
sha256sum "$output"
