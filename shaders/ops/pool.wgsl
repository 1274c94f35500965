// MaxPool, AveragePool and LpPool's sums on [planes, depth, height, width]; one and two dimensions have sizes of 1
// in front. Terms in (depth, row, column) order of the window, whose taps outside the input keep their index: they
// are absent from a maximum and +0 in a sum (V4). An average divides the stored sum by the count, correctly
// rounded (V2): the taps inside the input, or with count_pad those inside the padded input.
// One invocation an output. Flag (B6): a summand that is not finite or reaches 2^100.
// #import math/arith
// #import math/chain
// #import math/fold
// #import math/index
struct Params {
  rows: u32,
  block: u32,
  op: u32,
  count_pad: u32,
  in_dims: array<vec4<u32>, 1>,
  out_dims: array<vec4<u32>, 1>,
  kernel: array<vec4<u32>, 1>,
  strides: array<vec4<u32>, 1>,
  dilations: array<vec4<u32>, 1>,
  pads: array<vec4<u32>, 1>,
  ends: array<vec4<u32>, 1>,
  chain: Chain,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;

const WORKGROUP_SIZE = 64u;
const FOLD_MAX = 3u;
const POOL_AVERAGE = 5u;

override OP: u32 = 0u; // params.op

fn fold_start() -> u32 {
  return select(0u, SIGN_BIT | INFINITY_BITS, OP == FOLD_MAX);
}
fn fold_join(a: u32, b: u32) -> u32 {
  if (OP == FOLD_MAX) {
    return max_f32(a, b);
  }
  return bar_bits(bitcast<f32>(a) + bitcast<f32>(b));
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  begin();
  let output = (group.y * groups.x + group.x) * WORKGROUP_SIZE + local;
  let row = div_u32(output, params.out_dims[0].z);
  if (row >= params.rows) {
    return;
  }
  let slice = div_u32(row, params.out_dims[0].y);
  let plane = div_u32(slice, params.out_dims[0].x);
  let place = vec3<u32>(slice - plane * params.out_dims[0].x, row - slice * params.out_dims[0].y, output - row * params.out_dims[0].z);
  // Positions in front of the input wrap to large numbers.
  let start = place * params.strides[0].xyz - params.pads[0].xyz;
  let size = params.in_dims[0].xyz;
  let n_taps = params.kernel[0].x * params.kernel[0].y * params.kernel[0].z;
  var result = fold_start();
  var largest = 0u;
  var counted = 0u;
  var tap = 0u;
  fold_begin();
  for (var kz = 0u; kz < params.kernel[0].x; kz++) {
    let z = start.x + kz * params.dilations[0].x;
    for (var ky = 0u; ky < params.kernel[0].y; ky++) {
      let y = start.y + ky * params.dilations[0].y;
      for (var kx = 0u; kx < params.kernel[0].z; kx++) {
        let x = start.z + kx * params.dilations[0].z;
        if (tap > 0u && (tap & 63u) < 1u && OP != FOLD_MAX) {
          fold_push(result);
          result = fold_start();
        }
        tap++;
        let is_inside = z < size.x && y < size.y && x < size.z;
        // In the padded input: past its end the signed position is not below `ends`.
        let is_padded = bitcast<i32>(z) < bitcast<i32>(params.ends[0].x) && bitcast<i32>(y) < bitcast<i32>(params.ends[0].y) &&
          bitcast<i32>(x) < bitcast<i32>(params.ends[0].z);
        counted += select(0u, 1u, select(is_inside, is_padded, params.count_pad > 0u));
        if (is_inside) {
          let word = in0[((plane * size.x + z) * size.y + y) * size.z + x];
          if (OP == FOLD_MAX) {
            result = fold_join(result, word);
          } else {
            largest = max(largest, word & MAGNITUDE_BITS);
            result = fold_join(result, flush_below(word, SUMMAND_LIMIT));
          }
        }
      }
    }
  }
  if (OP != FOLD_MAX && largest >= 0x71800000u) {
    raise_flag();
  }
  if (OP != FOLD_MAX && n_taps > 64u) {
    fold_push(result);
    result = fold_total();
  }
  result = canonical(result);
  if (OP == POOL_AVERAGE) {
    result = div_f32(result, u32_to_f32(counted));
  }
  out0[output] = epilogue(result, output);
}
