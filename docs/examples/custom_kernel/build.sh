#!/usr/bin/env bash
# Makes kernel.wasm, or the file that is named: clang and wasm-ld 14 or newer, of Debian's packages clang and lld.
set -euo pipefail
cd "$(dirname "$0")"
clang=$(command -v clang-14 || command -v clang)
"$clang" --target=wasm32 -O2 -nostdlib -ffp-contract=off -Wl,--no-entry -Wl,--export=__heap_base \
  -o "${1:-kernel.wasm}" kernel.c
