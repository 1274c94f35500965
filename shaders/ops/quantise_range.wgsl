// Scale and zero point of DynamicQuantizeLinear, from n elements of which the least counts and n of which the greatest
// does: scale = (max(greatest, 0) - min(least, 0)) / 255, zero point = saturate(round(0 - min(least, 0) / scale)) (V2, V8), each
// an operation of the contract. One workgroup. The twin of wasm/ops/quantise_range.c.
// #import math/barrier
// #import math/chain
// #import math/order
// #import ops/extrema_lanes
struct Params {
  n: u32,
  pad0: u32,
  pad1: u32,
  pad2: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read> in1: array<u32>;
@group(0) @binding(5) var<storage, read_write> out0: array<u32>;
@group(0) @binding(6) var<storage, read_write> out1: array<u32>;

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) local: u32) {
  begin();
  var least = 0u;
  var most = 0u;
  for (var i = local; i < params.n; i += LANES) {
    least = max(least, min_key(in0[i]));
    most = max(most, max_key(in1[i]));
  }
  join_lanes(local, least, most);
  if (local < 1u) {
    let low = min_f32(min_of_key(sh_least[0]), 0u);
    let scale = div_f32(sub_f32(max_f32(max_of_key(sh_most[0]), 0u), low), 0x437f0000u);
    out0[0] = scale;
    out1[0] = clamp_u8(round_i32(sub_f32(0u, div_f32(low, scale))));
  }
}
