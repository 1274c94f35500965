#!/usr/bin/env bash
# Builds the reference core, src/backends/wasm/core.wasm, and the modules beside it (wasm/modules.txt) from wasm/**/*.c with
# Debian's emscripten, and prints the compiler's version and each result's SHA-256. Two builds give the same bytes (CI
# checks it), so the built files are committed and nobody needs emscripten to use or test the library. Nothing to edit per
# operator: a file that modules.txt does not name is the core's.
# Usage: scripts/build_wasm.sh [--scalar] [FOLDER [SOURCES [OBJECTS]]]
#   --scalar  without SIMD instructions: Debian's SIMDe stands in for them. For tests, many times slower
#   FOLDER    where they are written to
#   SOURCES   a folder like wasm/, for tests that plant faults
#   OBJECTS   where compiled files are kept; those there that are newer than their source are not compiled again. For
#             tests: nothing here knows of headers, or which flags they were compiled with
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
features=(-O3 -msimd128 -matomics -mmutable-globals -std=c11 -Werror)
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
  features=(-O1 -matomics -mmutable-globals -D__wasm_simd128__=1 -std=gnu11 -Wno-pass-failed -I"$root/test/scalar" -I"$include")
fi
output=${1:-$root/src/backends/wasm}
sources=${2:-$root/wasm}
if ! command -v emcc >/dev/null; then
  echo "build_wasm: emcc is not installed. Run: apt-get install -y --no-install-recommends emscripten" >&2
  exit 1
fi
mkdir -p "$output"
output=$(cd "$output" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder" "${include:-$folder}"' EXIT
objects=${3:-$folder}
mkdir -p "$objects"
objects=$(cd "$objects" && pwd)
cd "$sources"
# -ffp-contract=off: a product and a sum are two roundings (R2). No relaxed SIMD, no fast-math, no libm.
# Sorted file names, so that the order of the input never depends on the file system.
mapfile -t files_of_all < <(find . -name '*.c' -printf '%P\n' | sed 's/\.c$//' | LC_ALL=C sort)
flags=("${features[@]}" -mbulk-memory -ffp-contract=off -Wall -Wextra -I"$PWD" -fno-builtin-memset -fno-builtin-memcpy)
# The compiler unrolls and vectorises what gains by it. Elsewhere loops are written for SIMD by hand, and it would make the
# core a fifth larger and nothing faster (docs/BENCHMARKS.md).
loops=' elementwise_f64 elementwise_i64 mat_mul_f64 mat_mul_pack pool recurrent reduce reduce_f64 reduce_int strided_copy '

# Compiles files (without .c) into $objects/$1, where objects lie in their order: what is alike stands together, which
# deflates better.
compile() {
  local into=$objects/$1 file object gaining=() others=()
  shift
  local more=()
  while [[ $1 == -* ]]; do more+=("$1") && shift; done
  mkdir -p "$into"
  for file in "$@"; do
    object=$into/$(basename "$file").o
    if [[ $object -nt $file.c ]]; then continue; fi
    if [[ $loops == *" $(basename "$file") "* ]]; then gaining+=("$PWD/$file.c"); else others+=("$PWD/$file.c"); fi
  done
  (
    cd "$into"
    if [ ${#gaining[@]} -gt 0 ]; then emcc -c "${gaining[@]}" "${flags[@]}" "${more[@]}"; fi
    if [ ${#others[@]} -gt 0 ]; then emcc -c "${others[@]}" "${flags[@]}" "${more[@]}" -fno-unroll-loops -fno-vectorize; fi
  )
}
objects_of() {
  local into=$objects/$1 file
  shift
  for file in "$@"; do echo "$into/$(basename "$file").o"; done
}

elsewhere=' ' imports=()
while IFS=: read -r name files; do
  if [[ $name == \#* ]]; then continue; fi
  read -ra files <<<"$files"
  elsewhere+="${files[*]} "
  compile "$name" -fPIC "${files[@]}"
  mapfile -t linked < <(objects_of "$name" "${files[@]}")
  # A library that is linked when it is loaded, to the memory, table, stack and functions of the core.
  emcc "${linked[@]}" -o "$output/$name.wasm" "${flags[@]}" \
    -sSIDE_MODULE=2 -sIMPORTED_MEMORY -sALLOW_MEMORY_GROWTH -Wl,--max-memory=4294967296
  mapfile -t more < <(node -e '
    const module = new WebAssembly.Module(require("fs").readFileSync(process.argv[1]));
    for (const { kind, name } of WebAssembly.Module.imports(module)) if (kind === "function") console.log(name);
  ' "$output/$name.wasm")
  imports+=("${more[@]}")
done <modules.txt

own=()
for file in "${files_of_all[@]}"; do
  if [[ $elsewhere != *" $file "* ]]; then own+=("$file"); fi
done
compile core "${own[@]}"
mapfile -t linked < <(objects_of core "${own[@]}")
emcc "${linked[@]}" -o "$output/core.wasm" "${flags[@]}" \
  -sSTANDALONE_WASM -sIMPORTED_MEMORY --no-entry -sALLOW_MEMORY_GROWTH -sALLOW_TABLE_GROWTH -sMAXIMUM_MEMORY=4GB \
  -sINITIAL_MEMORY=1MB -sTOTAL_STACK=256KB \
  -Wl,--export-table -Wl,--export=__heap_base -Wl,--export=__stack_pointer -Wl,--export=chain_steps \
  "${imports[@]/#/-Wl,--export=}"
emcc --version | sed -n 1p
cd "$output"
sha256sum ./*.wasm
