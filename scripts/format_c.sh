#!/usr/bin/env bash
# Formats the C sources, but for the generated ones, as .clang-format says; with --check it changes nothing and fails where one differs.
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t sources < <(find wasm -path wasm/math/words -prune -o \( -name '*.c' -o -name '*.h' \) -print | LC_ALL=C sort)
if [ "${1:-}" = --check ]; then
  clang-format --dry-run --Werror "${sources[@]}"
else
  clang-format -i "${sources[@]}"
fi
