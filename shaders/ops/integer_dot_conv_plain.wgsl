// integer_dot_conv where kernels are 1 x 1, move by one element and are not padded, and a group has more than one filter: a
// product of the filters and the input as it lies, for the positions of a channel lie side by side. One
// invocation computes four positions of ROWS filters. Same sums (V8) and same Params as integer_dot_conv; the taps' geometry
// is not read. Weights have one run a filter. The twin of wasm/ops/integer_dot_conv.c.
// #import math/barrier
// #import math/index
// #import math/bytes
// #import math/dot
// #import ops/integer_dot_conv_store
struct Params {
  groups: u32,
  channels: u32, // of a group, as are the filters
  filters: u32,
  is_signed: u32,
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
  row_block: u32,
  dilation_depth: u32,
  dilation_height: u32,
  dilation_width: u32,
  images: u32, // of all groups
  run: u32, // terms of a filter that begin a word
  pad0: u32,
  pad1: u32,
  pad2: u32,
  chain: Chain,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read> in1: array<vec4<u32>>;
@group(0) @binding(5) var<storage, read> in2: array<u32>;

const WORKGROUP_SIZE = 64u;

// Chosen in src/ops/integer_dot_conv.ts. ROWS: 8, or 4 where that would leave few invocations. WHOLE: a channel is whole words, and so
// are its outputs. CENTRED: no zero point of the weights counts.
override ROWS: u32 = 4u;
override WHOLE: bool = false;
override CENTRED: bool = false;

var<private> results: array<vec4<u32>, 8>;
// What turns and raises the input's bytes (math/dot).
var<private> flips: u32;

// Four positions of a channel, from element `at` on. Those behind the last are not stored.
fn columns(at: u32) -> u32 {
  var word = in0[at >> 2u];
  if (!WHOLE) {
    let shift = 8u * (at & 3u);
    let next = in0[min((at >> 2u) + 1u, arrayLength(&in0) - 1u)];
    // Shifted by 32 - shift in two steps: by 32 is no shift.
    word = (word >> shift) | ((next << 1u) << (31u - shift));
  }
  return word ^ flips;
}

// What the zero points change of a sum of products of bytes: the input's, with the sum of a filter, and the filter's, with those of
// the input, and both, as often as there are terms.
fn differences(zero: u32, sums: vec4<u32>, filter_sum: u32, filter_zero: u32) -> vec4<u32> {
  return vec4<u32>((params.channels * filter_zero - filter_sum) * zero) - sums * filter_zero;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  begin();
  // index = (image * blocks + block) * quads + quad
  let index = (group.y * groups.x + group.x) * WORKGROUP_SIZE + local;
  let positions = params.depth * params.height * params.width;
  let quads = (positions + 3u) >> 2u;
  let blocks = (params.filters + ROWS - 1u) >> select(2u, 3u, ROWS > 4u);
  let place = div_u32(index, quads);
  let column = 4u * (index - place * quads);
  let image = div_u32(place, blocks);
  if (image >= params.images) {
    return;
  }
  let first_filter = ROWS * (place - image * blocks);
  flips = flips_of(params.is_signed) ^ RAISES;

  let words = (params.channels + 3u) >> 2u;
  let strips = (params.filters + 3u) >> 2u;
  let number = image - div_u32(image, params.groups) * params.groups; // of the group
  let strip = first_filter >> 2u;
  var weights = (number * strips + strip) * (words + 2u);
  // Where the block's second strip is behind the last one, its results are not stored.
  var others = (number * strips + min(strip + 1u, strips - 1u)) * (words + 2u);
  var at = image * params.channels * positions + column;
  var sum0 = vec4<u32>();
  var sum1 = vec4<u32>();
  var sum2 = vec4<u32>();
  var sum3 = vec4<u32>();
  var sum4 = vec4<u32>();
  var sum5 = vec4<u32>();
  var sum6 = vec4<u32>();
  var sum7 = vec4<u32>();
  var sums = vec4<u32>();
  let last = params.channels - 1u;
  for (var channel = 0u; channel < params.channels; channel += 4u) {
    // Behind the last channel its weights are 0.
    let second = min(channel + 1u, last) - channel;
    let third = min(channel + 2u, last) - channel;
    let fourth = min(channel + 3u, last) - channel;
    let taps = bytes4_across(columns(at), columns(at + second * positions), columns(at + third * positions), columns(at + fourth * positions));
    at += 4u * positions;
    let filters = in1[weights];
    weights += 1u;
    sum0 += dots4(signed_bytes(filters.x), taps, 4u);
    sum1 += dots4(signed_bytes(filters.y), taps, 4u);
    sum2 += dots4(signed_bytes(filters.z), taps, 4u);
    sum3 += dots4(signed_bytes(filters.w), taps, 4u);
    if (ROWS > 4u) {
      let more = in1[others];
      others += 1u;
      sum4 += dots4(signed_bytes(more.x), taps, 4u);
      sum5 += dots4(signed_bytes(more.y), taps, 4u);
      sum6 += dots4(signed_bytes(more.z), taps, 4u);
      sum7 += dots4(signed_bytes(more.w), taps, 4u);
    }
    if (!CENTRED) {
      sums += dots4(signed_bytes(0x01010101u >> (8u * (3u - fourth))), taps, 4u);
    }
  }
  let zero = signed_byte(in2[0] ^ flips ^ RAISES) + RAISED;
  let filter_sums = in1[weights];
  let filter_zeros = in1[weights + 1u];
  results[0] = sum0 + differences(zero, sums, filter_sums.x, filter_zeros.x);
  results[1] = sum1 + differences(zero, sums, filter_sums.y, filter_zeros.y);
  results[2] = sum2 + differences(zero, sums, filter_sums.z, filter_zeros.z);
  results[3] = sum3 + differences(zero, sums, filter_sums.w, filter_zeros.w);
  if (ROWS > 4u) {
    let more_sums = in1[others];
    let more_zeros = in1[others + 1u];
    results[4] = sum4 + differences(zero, sums, more_sums.x, more_zeros.x);
    results[5] = sum5 + differences(zero, sums, more_sums.y, more_zeros.y);
    results[6] = sum6 + differences(zero, sums, more_sums.z, more_zeros.z);
    results[7] = sum7 + differences(zero, sums, more_sums.w, more_zeros.w);
  }
  doubts = false;
  for (var y = 0u; y < min(ROWS, params.filters - first_filter); y++) {
    let first = (image * params.filters + first_filter + y) * positions;
    epilogue_row(first);
    store4(results[y], first + column, positions - column);
  }
  // A loop, since devices that compute both sides of a branch skip a loop.
  while (doubts) {
    doubts = false;
    for (var y = 0u; y < min(ROWS, params.filters - first_filter); y++) {
      let first = (image * params.filters + first_filter + y) * positions;
      epilogue_row(first);
      store4_exactly(results[y], first + column, positions - column);
    }
  }
}
