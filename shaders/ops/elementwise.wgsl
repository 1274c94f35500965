// Element-wise operators: out[i] = chain(loads at i). One invocation computes the four elements of four words
// of output (one word where the output has one byte an element), so that no two share a word.
// `element(i)` is the chain, one call of a contract function a step; it is generated (src/ops/chain_wgsl.ts),
// as are `element_row`, which loads what the four share, and the bindings of the loads.
// Rules V1, V2, V6; there is no order across elements.
// #import math/barrier
// #import math/chain
struct Params {
  n: u32,
  pad0: u32,
  pad1: u32,
  pad2: u32,
  chain: Chain,
}
@group(0) @binding(0) var<uniform> params: Params;

const WORKGROUP_SIZE = 64u;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  begin();
  let first = 4u * ((group.y * groups.x + group.x) * WORKGROUP_SIZE + local);
  if (first >= params.n) {
    return;
  }
  let last = min(first + 4u, params.n);
  element_row(first);
  if (params.chain.output_bytes < 2u) {
    var word = 0u;
    for (var i = first; i < last; i++) {
      word |= (element(i) & 0xffu) << (8u * (i - first));
    }
    out0[first >> 2u] = word;
  } else {
    for (var i = first; i < last; i++) {
      out0[i] = element(i);
    }
  }
}
