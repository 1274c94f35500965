// f32 to f16 or bf16 and back (V9), as Cast does it. One invocation writes one word: two 16-bit elements, or one f32.
// #import math/barrier
// #import math/half
struct Params {
  n: u32,
  conversion: u32, // 0: f32 to f16, 1: f32 to bf16, 2: f16 to f32, 3: bf16 to f32
  pad0: u32,
  pad1: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read_write> out0: array<u32>;

const WORKGROUP_SIZE = 64u;

fn narrowed(at: u32) -> u32 {
  if (at >= params.n) {
    return 0u;
  }
  if (params.conversion < 1u) {
    return f32_to_f16(in0[at]);
  }
  return f32_to_bf16(in0[at]);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  begin();
  let word = (group.y * groups.x + group.x) * WORKGROUP_SIZE + local;
  if (params.conversion > 1u) {
    if (word >= params.n) {
      return;
    }
    let half = (in0[word >> 1u] >> ((word & 1u) << 4u)) & 0xffffu;
    if (params.conversion > 2u) {
      out0[word] = bf16_to_f32(half);
    } else {
      out0[word] = f16_to_f32(half);
    }
    return;
  }
  if (2u * word >= params.n) {
    return;
  }
  out0[word] = narrowed(2u * word) | (narrowed(2u * word + 1u) << 16u);
}
