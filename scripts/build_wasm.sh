#!/usr/bin/env bash
# Builds the reference core, src/backends/wasm/core.wasm, from wasm/**/*.c with Debian's emscripten, and prints
# the compiler's version and the result's SHA-256. Two builds give the same bytes (CI checks it), so the
# built file is committed and nobody needs emscripten to use or test the library. Nothing to edit per operator.
# Usage: scripts/build_wasm.sh [--scalar] [OUTPUT [SOURCES]]
#   --scalar  without SIMD instructions: Debian's SIMDe stands in for them. For tests, many times slower
#   SOURCES   a folder like wasm/, for tests that plant faults
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
features=(-O3 -msimd128 -matomics -std=c11 -Werror)
if [ "${1:-}" = --scalar ]; then
  shift
  include=$(mktemp -d)
  trap 'rm -rf "$include"' EXIT
  if [ ! -d /usr/include/simde ]; then
    echo "build_wasm: SIMDe is not installed. Run: apt-get install -y --no-install-recommends libsimde-dev" >&2
    exit 1
  fi
  ln -s /usr/include/simde "$include/simde"
  # The core's own conditions take the SIMD text; the compiler, without the feature, cannot emit an instruction of it.
  features=(-O1 -matomics -D__wasm_simd128__=1 -std=gnu11 -Wno-pass-failed -I"$root/test/scalar" -I"$include")
fi
output=${1:-$root/src/backends/wasm/core.wasm}
sources=${2:-$root/wasm}
if ! command -v emcc >/dev/null; then
  echo "build_wasm: emcc is not installed. Run: apt-get install -y --no-install-recommends emscripten" >&2
  exit 1
fi
mkdir -p "$(dirname "$output")"
output=$(cd "$(dirname "$output")" && pwd)/$(basename "$output")
cd "$sources"
# -ffp-contract=off: a product and a sum are two roundings (R2). No relaxed SIMD, no fast-math, no libm.
# Sorted file names, so that the order of the input never depends on the file system.
mapfile -t files < <(find . -name '*.c' | LC_ALL=C sort)
flags=("${features[@]}" -mbulk-memory -ffp-contract=off -Wall -Wextra -I"$PWD" -fno-builtin-memset -fno-builtin-memcpy)
# The compiler unrolls and vectorises what gains by it. Elsewhere loops are written for SIMD by hand, and it would make the
# core a fifth larger and nothing faster (docs/BENCHMARKS.md).
loops=' elementwise_f64 elementwise_i64 mat_mul_f64 mat_mul_pack pool recurrent reduce reduce_f64 reduce_int strided_copy '
folder=$(mktemp -d)
trap 'rm -rf "$folder" "${include:-$folder}"' EXIT
gaining=() others=() objects=()
for file in "${files[@]}"; do
  name=$(basename "$file" .c)
  if [[ $loops == *" $name "* ]]; then gaining+=("$PWD/$file"); else others+=("$PWD/$file"); fi
  objects+=("$folder/$name.o") # in the order of files: what is alike stands together, which deflates better
done
(
  cd "$folder"
  emcc -c "${gaining[@]}" "${flags[@]}"
  emcc -c "${others[@]}" "${flags[@]}" -fno-unroll-loops -fno-vectorize
)
emcc "${objects[@]}" -o "$output" "${flags[@]}" \
  -sSTANDALONE_WASM -sIMPORTED_MEMORY --no-entry -sALLOW_MEMORY_GROWTH -sALLOW_TABLE_GROWTH -sMAXIMUM_MEMORY=4GB \
  -sINITIAL_MEMORY=1MB -sTOTAL_STACK=256KB \
  -Wl,--export-table -Wl,--export=__heap_base
emcc --version | sed -n 1p
sha256sum "$output"
