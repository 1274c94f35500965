// CumSum and CumProd over one axis of [outer, count, inner] of 32-bit elements: s = 0; then for each term, in index order or from
// the end: s = s + x. For f32 every sum is a V2 operation (no tree: V4 is for one sum, not for all prefixes).
// Integers wrap around (V8). CumProd: s = 1, then s · x, alike. `exclusive` stores the sum before the term. One invocation a row.
// #import math/arith
// #import math/index
struct Params {
  outer: u32,
  count: u32,
  inner: u32,
  type_code: u32,
  exclusive: u32,
  reverse: u32,
  product: u32, // 1: CumProd
  pad0: u32,
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
  let row = (group.y * groups.x + group.x) * WORKGROUP_SIZE + local;
  if (row >= params.outer * params.inner) {
    return;
  }
  let outer = div_u32(row, params.inner);
  let base = outer * params.count * params.inner + (row - outer * params.inner);
  let is_float = params.type_code > 7u;
  let is_product = params.product > 0u;
  var sum = select(0u, select(1u, ONE_BITS, is_float), is_product);
  for (var i = 0u; i < params.count; i++) {
    let at = base + select(i, params.count - 1u - i, params.reverse > 0u) * params.inner;
    let x = in0[at];
    var next = select(sum + x, sum * x, is_product);
    if (is_float) {
      if (is_product) {
        next = mul_f32(sum, x);
      } else {
        next = add_f32(sum, x);
      }
    }
    out0[at] = select(next, sum, params.exclusive > 0u);
    sum = next;
  }
}
