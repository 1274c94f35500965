// ReduceSum, ReduceProd, ReduceMax, ReduceMin and ReduceSumSquare over any axes of an int32 or uint32 tensor:
// two's complement wrap-around (V8), so no order exists to fix. One invocation an output.
// Narrower and wider integers are reduced by the reference.
// #import math/barrier
// #import math/index
struct Params {
  n: u32,
  count: u32,
  block: u32,
  op: u32,
  kept_rank: u32,
  reduced_rank: u32,
  lane_bits: u32,
  type_code: u32, // 2: int32, 6: uint32
  kept_dims: array<vec4<u32>, 2>,
  kept_strides: array<vec4<u32>, 2>,
  reduced_dims: array<vec4<u32>, 2>,
  reduced_strides: array<vec4<u32>, 2>,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read_write> out0: array<u32>;

const WORKGROUP_SIZE = 64u;

fn kept_offset(output: u32) -> u32 {
  var rest = output;
  var offset = 0u;
  for (var axis = params.kept_rank; axis > 1u; axis--) {
    let k = axis - 1u;
    let dim = params.kept_dims[k >> 2u][k & 3u];
    let quotient = div_u32(rest, dim);
    offset += (rest - quotient * dim) * params.kept_strides[k >> 2u][k & 3u];
    rest = quotient;
  }
  return offset + rest * params.kept_strides[0].x;
}

fn reduced_offset(term: u32) -> u32 {
  var rest = term;
  var offset = 0u;
  for (var axis = params.reduced_rank; axis > 1u; axis--) {
    let k = axis - 1u;
    let dim = params.reduced_dims[k >> 2u][k & 3u];
    let quotient = div_u32(rest, dim);
    offset += (rest - quotient * dim) * params.reduced_strides[k >> 2u][k & 3u];
    rest = quotient;
  }
  return offset + rest * params.reduced_strides[0].x;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  begin();
  let output = (group.y * groups.x + group.x) * WORKGROUP_SIZE + local;
  if (output >= params.n) {
    return;
  }
  let base = kept_offset(output);
  // Signed order is the unsigned order of the words with the sign bit flipped.
  let bias = select(0x80000000u, 0u, params.type_code > 3u);
  var result = in0[base];
  if (params.op == 1u) {
    result = result * result;
  }
  for (var k = 1u; k < params.count; k++) {
    let x = in0[base + reduced_offset(k)];
    switch (params.op) {
      case 0u: {
        result += x;
      }
      case 1u: {
        result += x * x;
      }
      case 2u: {
        result *= x;
      }
      case 3u: {
        result = select(result, x, (x ^ bias) > (result ^ bias));
      }
      default: {
        result = select(result, x, (x ^ bias) < (result ^ bias));
      }
    }
  }
  out0[output] = result;
}
