// MaxPool, AveragePool and LpPool's sums on [planes, depth, height, width]; one and two dimensions have sizes of 1
// in front. Terms in (depth, row, column) order of the window, whose taps outside the input keep their index: they
// are absent from a maximum and +0 in a sum (V4). An average divides the stored sum by the count, correctly
// rounded (V2): the taps inside the input, or with count_pad those inside the padded input.
// One invocation computes four outputs. Flag (B6): a summand that is not finite or reaches 2^100.
// #import math/arith
// #import math/chain
// #import math/fold
// #import math/index
// #import math/order
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
const OUTPUTS = 4u; // of an invocation: the divisions of the first place serve all
const FOLD_MAX = 3u;
const POOL_AVERAGE = 5u;

override OP: u32 = 0u; // params.op

fn fold_start() -> u32 {
  return 0u;
}
fn fold_join(a: u32, b: u32) -> u32 {
  if (OP == FOLD_MAX) {
    return max(a, b); // of keys; the key of -inf is not 0, which so means: no tap inside
  }
  return add_rounded(a, b);
}

// The taps along one axis before `end` of the padded input. Positions in front of the input are negative.
fn taps_before(start: u32, kernel: u32, dilation: u32, end: u32) -> u32 {
  var taps = 0u;
  for (var k = 0u; k < kernel; k++) {
    taps += select(0u, 1u, bitcast<i32>(start + k * dilation) < bitcast<i32>(end));
  }
  return taps;
}

fn pool_window(plane: u32, place: vec3<u32>) -> u32 {
  // Positions in front of the input wrap to large numbers.
  let start = place * params.strides[0].xyz - params.pads[0].xyz;
  let size = params.in_dims[0].xyz;
  let n_taps = params.kernel[0].x * params.kernel[0].y * params.kernel[0].z;
  let is_long = OP != FOLD_MAX && n_taps > RADIX;
  var result = fold_start();
  var largest = 0u;
  var counted = 0u;
  var tap = 0u;
  if (is_long) {
    fold_begin();
  }
  for (var kz = 0u; kz < params.kernel[0].x; kz++) {
    let z = start.x + kz * params.dilations[0].x;
    for (var ky = 0u; ky < params.kernel[0].y; ky++) {
      let y = start.y + ky * params.dilations[0].y;
      let is_row = z < size.x && y < size.y;
      let row_at = ((plane * size.x + z) * size.y + y) * size.z;
      var x = start.z;
      for (var kx = 0u; kx < params.kernel[0].z; kx++) {
        if (is_long) {
          if (tap > 0u && (tap & 63u) < 1u) {
            fold_push(result);
            result = fold_start();
          }
          tap++;
        }
        if (is_row && x < size.z) {
          let word = in0[row_at + x];
          counted++;
          if (OP == FOLD_MAX) {
            result = fold_join(result, max_key(word));
          } else {
            largest = max(largest, word & MAGNITUDE_BITS);
            result = fold_join(result, flush_below(word, SUMMAND_LIMIT));
          }
        }
        x += params.dilations[0].z;
      }
    }
  }
  if (OP == FOLD_MAX) {
    result = select(max_of_key(result), SIGN_BIT | INFINITY_BITS, result < 1u);
  } else {
    if (largest >= 0x71800000u) {
      raise_flag();
    }
    if (is_long) {
      fold_push(result);
      result = fold_total();
    }
    result = canonical(result);
  }
  if (OP == POOL_AVERAGE) {
    if (params.count_pad > 0u) {
      counted = taps_before(start.x, params.kernel[0].x, params.dilations[0].x, params.ends[0].x) *
        taps_before(start.y, params.kernel[0].y, params.dilations[0].y, params.ends[0].y) *
        taps_before(start.z, params.kernel[0].z, params.dilations[0].z, params.ends[0].z);
    }
    result = div_f32(result, u32_to_f32(counted));
  }
  return result;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  begin();
  let first = OUTPUTS * ((group.y * groups.x + group.x) * WORKGROUP_SIZE + local);
  let n = params.rows * params.out_dims[0].z;
  if (first >= n) {
    return;
  }
  let row = div_u32(first, params.out_dims[0].z);
  let slice = div_u32(row, params.out_dims[0].y);
  var plane = div_u32(slice, params.out_dims[0].x);
  var place = vec3<u32>(
    slice - plane * params.out_dims[0].x,
    row - slice * params.out_dims[0].y,
    first - row * params.out_dims[0].z,
  );
  let last = min(first + OUTPUTS, n);
  for (var output = first; output < last; output++) {
    out0[output] = epilogue(pool_window(plane, place), output);
    place.z++;
    if (place.z == params.out_dims[0].z) {
      place.z = 0u;
      place.y++;
      if (place.y == params.out_dims[0].y) {
        place.y = 0u;
        place.x++;
        if (place.x == params.out_dims[0].x) {
          place.x = 0u;
          plane++;
        }
      }
    }
  }
}
