// Random words (V10): Philox4x32-10 (Salmon, Moraes, Dror and Shaw, SC 2011), a function of a key and a counter, so that
// any word is computed alone. The key is the run's seed; the counter is the block, the path and the node's two words.
// Output i is word `i * step + offset` of the stream, four words a block, shifted right. One invocation computes one output.
// #import math/barrier
// #import math/limbs
struct Params {
  n: u32,
  step: u32,
  offset: u32,
  shift: u32,
  node_low: u32,
  node_high: u32,
  pad1: u32,
  pad2: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read_write> out0: array<u32>;

const WORKGROUP_SIZE = 64u;

fn philox_word(index: u32) -> u32 {
  var c0 = index >> 2u;
  var c1 = in0[2];
  var c2 = params.node_low;
  var c3 = params.node_high;
  var k0 = in0[0];
  var k1 = in0[1];
  for (var round = 0u; round < 10u; round++) {
    let a = mul_wide(c0, 0xd2511f53u);
    let b = mul_wide(c2, 0xcd9e8d57u);
    c0 = b.hi ^ c1 ^ k0;
    c2 = a.hi ^ c3 ^ k1;
    c1 = b.lo;
    c3 = a.lo;
    k0 += 0x9e3779b9u;
    k1 += 0xbb67ae85u;
  }
  let lane = index & 3u;
  return select(select(c2, c3, lane > 2u), select(c0, c1, lane > 0u), lane < 2u);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  begin();
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + local;
  if (i < params.n) {
    out0[i] = philox_word(i * params.step + params.offset) >> params.shift;
  }
}
