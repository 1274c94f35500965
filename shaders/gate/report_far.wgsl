// The entry point of the look at indices past 2^24 (src/backends/webgpu/far.ts): one invocation writes, at an index that it
// computes from words, on this side or on the other.

@group(0) @binding(3) var<storage, read> in0: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read_write> out0: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let v = in0[id.x];
  let far = (v.w << 24u) + id.x;
  if (v.w < 2u && far < arrayLength(&out0)) {
    out0[far] = v.x;
  }
}
