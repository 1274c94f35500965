// The right operand of an integer convolution: out[image][panel of 8 output positions][pair of taps][position], the
// differences of 8-bit elements and the zero point as pairs of 16 bits (math/integer), taps in the order of V5, 0 where a
// tap lies outside the input and in positions past the end. An image is one group of one image. One invocation
// writes up to PAIRS words of one position. Rule V8: exact. The twin of wasm/ops/integer_unfold.c.
// #import math/barrier
// #import math/index
// #import math/integer
struct Params {
  images: u32,
  channels: u32,
  is_signed: u32,
  pad0: u32,
  depth: u32,
  height: u32,
  width: u32,
  pad_front: u32,
  out_depth: u32,
  out_height: u32,
  out_width: u32,
  pad_top: u32,
  kernel_depth: u32,
  kernel_height: u32,
  kernel_width: u32,
  pad_left: u32,
  stride_depth: u32,
  stride_height: u32,
  stride_width: u32,
  pad1: u32,
  dilation_depth: u32,
  dilation_height: u32,
  dilation_width: u32,
  pad2: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read> in1: array<u32>;
@group(0) @binding(5) var<storage, read_write> out0: array<u32>;

const WORKGROUP_SIZE = 64u;
const PAIRS = 8u;

// The window's corner, wrapped where it lies outside; the tap that is next, by axis.
var<private> corner: vec3<u32>;
var<private> tap: vec4<u32>; // channel, z, y, x
var<private> first_channel: u32;
var<private> zero: u32;

// The operand of the next tap.
fn next_tap() -> u32 {
  let z = corner.x + tap.y * params.dilation_depth;
  let y = corner.y + tap.z * params.dilation_height;
  let x = corner.z + tap.w * params.dilation_width;
  var operand = 0u;
  if (tap.x < params.channels && z < params.depth && y < params.height && x < params.width) {
    let at = (((first_channel + tap.x) * params.depth + z) * params.height + y) * params.width + x;
    operand = byte_of(in0[at >> 2u], at, params.is_signed) - zero;
  }
  tap.w += 1u;
  if (tap.w >= params.kernel_width) {
    tap.w = 0u;
    tap.z += 1u;
    if (tap.z >= params.kernel_height) {
      tap.z = 0u;
      tap.y += 1u;
      if (tap.y >= params.kernel_depth) {
        tap.y = 0u;
        tap.x += 1u;
      }
    }
  }
  return operand;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  begin();
  // index = ((image * panels + panel) * runs + run) * 8 + lane
  let index = (group.y * groups.x + group.x) * WORKGROUP_SIZE + local;
  let positions = params.out_depth * params.out_height * params.out_width;
  let panels = (positions + 7u) >> 3u;
  let taps = params.kernel_depth * params.kernel_height * params.kernel_width;
  let pairs = (params.channels * taps + 1u) >> 1u;
  let runs = (pairs + PAIRS - 1u) >> 3u;
  let unit = div_u32(index >> 3u, runs);
  let run = (index >> 3u) - unit * runs;
  let image = div_u32(unit, panels);
  if (image >= params.images) {
    return;
  }
  let position = 8u * (unit - image * panels) + (index & 7u);
  let line = div_u32(position, params.out_width);
  let plane = div_u32(line, params.out_height);
  corner = vec3<u32>(
    plane * params.stride_depth - params.pad_front,
    (line - plane * params.out_height) * params.stride_height - params.pad_top,
    (position - line * params.out_width) * params.stride_width - params.pad_left,
  );
  first_channel = image * params.channels;
  zero = byte_of(in1[0], 0u, params.is_signed);
  let first = 2u * PAIRS * run;
  let row = div_u32(first, params.kernel_width);
  let slice = div_u32(row, params.kernel_height);
  let channel = div_u32(slice, params.kernel_depth);
  // Past the last position every tap is behind the last channel.
  tap = vec4<u32>(
    select(params.channels, channel, position < positions),
    slice - channel * params.kernel_depth,
    row - slice * params.kernel_height,
    first - row * params.kernel_width,
  );
  for (var k = PAIRS * run; k < min(PAIRS * run + PAIRS, pairs); k++) {
    let low = next_tap();
    let high = next_tap();
    out0[(unit * pairs + k) * 8u + (index & 7u)] = pair_of(low, high);
  }
}
