// SquareScale on a GPU: the twin of kernel.c. It stands behind the library's own functions: mul_f32 is a product of words that
// no compiler joins with anything, begin() must come first. One invocation an element, 64 a workgroup.
struct Params {
  n: u32,
  alpha: u32, // the word of a float: as f32 a compiler might flush it
  pad0: u32,
  pad1: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read_write> out0: array<u32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  begin();
  let i = (group.y * groups.x + group.x) * 64u + local;
  if (i >= params.n) {
    return;
  }
  out0[i] = mul_f32(mul_f32(in0[i], in0[i]), params.alpha);
}
