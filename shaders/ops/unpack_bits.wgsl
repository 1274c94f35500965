// Integers of 2 or 4 bits to bytes: out[row][column], from rows of `row_bytes` bytes, the lowest bits first (V1). One
// invocation writes a word, four elements. The twin of wasm/ops/unpack_bits.c.
// #import math/barrier
// #import math/index
struct Params {
  n: u32,
  columns: u32,
  row_bytes: u32,
  bits: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read_write> out0: array<u32>;

const WORKGROUP_SIZE = 64u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  begin();
  let word = (group.y * groups.x + group.x) * WORKGROUP_SIZE + local;
  let first = 4u * word;
  if (first >= params.n) {
    return;
  }
  var row = div_u32(first, params.columns);
  var column = first - row * params.columns;
  var packed = 0u;
  for (var i = 0u; i < min(4u, params.n - first); i++) {
    let at = row * params.row_bytes * 8u + column * params.bits;
    let element = (in0[at >> 5u] >> (at & 31u)) & ((1u << params.bits) - 1u);
    packed |= element << (8u * i);
    column += 1u;
    if (column >= params.columns) {
      column = 0u;
      row += 1u;
    }
  }
  out0[word] = packed;
}
