// Element-wise operators: out[i] = chain(loads at i). One invocation computes the elements of whole words of output,
// so that no two share a word. `store_elements(invocation)` is the chain, one call of a contract function a step; it is
// generated (src/ops/chain_wgsl.ts), as are the bindings. Rules V1, V2, V6; there is no order across elements.
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
  store_elements((group.y * groups.x + group.x) * WORKGROUP_SIZE + local);
}
