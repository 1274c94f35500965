// integer_conv where kernels are 1 x 1, move by one element and are not padded, and a group has more than one filter: a
// product of the filters and the input as it lies, for the positions of a channel lie side by side. One
// invocation computes four positions of ROWS filters. Same sums (V8) and same Params as integer_conv; the taps' geometry
// is not read. The twin of wasm/ops/integer_conv.c.
// #import math/barrier
// #import math/index
// #import math/integer
// #import ops/integer_conv_store
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
  chain: Chain,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read> in1: array<vec4<u32>>;
@group(0) @binding(5) var<storage, read> in2: array<u32>;

const WORKGROUP_SIZE = 64u;

// Chosen in src/ops/integer_conv.ts. ROWS: 8, or 4 where that would leave few invocations. WHOLE: a channel is whole words, and so are its outputs.
override ROWS: u32 = 4u;
override WHOLE: bool = false;

var<private> results: array<vec4<u32>, 8>;
var<private> flips: u32;
var<private> bias: vec4<u32>;

// Four positions of a channel, from element `at` on. Those behind the last are not stored.
fn columns(at: u32) -> vec4<u32> {
  var word = in0[at >> 2u];
  if (!WHOLE) {
    let shift = 8u * (at & 3u);
    let next = in0[min((at >> 2u) + 1u, arrayLength(&in0) - 1u)];
    // Shifted by 32 - shift in two steps: by 32 is no shift.
    word = (word >> shift) | ((next << 1u) << (31u - shift));
  }
  word ^= flips;
  return vec4<u32>(word & 255u, (word >> 8u) & 255u, (word >> 16u) & 255u, word >> 24u) - bias;
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
  let flip = select(0u, 128u, params.is_signed > 0u);
  flips = flip * 0x01010101u;
  bias = vec4<u32>((in2[0] & 255u) ^ flip);

  let pairs = (params.channels + 1u) >> 1u;
  let strips = (params.filters + 3u) >> 2u;
  let number = image - div_u32(image, params.groups) * params.groups; // of the group
  let strip = first_filter >> 2u;
  var weights = (number * strips + strip) * pairs;
  // Where the block's second strip is behind the last one, its results are not stored.
  var others = (number * strips + min(strip + 1u, strips - 1u)) * pairs;
  var at = image * params.channels * positions + column;
  var sum0 = vec4<u32>();
  var sum1 = vec4<u32>();
  var sum2 = vec4<u32>();
  var sum3 = vec4<u32>();
  var sum4 = vec4<u32>();
  var sum5 = vec4<u32>();
  var sum6 = vec4<u32>();
  var sum7 = vec4<u32>();
  for (var channel = 0u; channel < params.channels; channel += 2u) {
    let left = columns(at);
    // Behind the last channel its weights are 0.
    let right = columns(select(at, at + positions, channel + 1u < params.channels));
    at += 2u * positions;
    let low = low4(in1[weights]);
    let high = high4(in1[weights]);
    weights += 1u;
    sum0 += vec4<u32>(low.x) * left + vec4<u32>(high.x) * right;
    sum1 += vec4<u32>(low.y) * left + vec4<u32>(high.y) * right;
    sum2 += vec4<u32>(low.z) * left + vec4<u32>(high.z) * right;
    sum3 += vec4<u32>(low.w) * left + vec4<u32>(high.w) * right;
    if (ROWS > 4u) {
      let low_others = low4(in1[others]);
      let high_others = high4(in1[others]);
      others += 1u;
      sum4 += vec4<u32>(low_others.x) * left + vec4<u32>(high_others.x) * right;
      sum5 += vec4<u32>(low_others.y) * left + vec4<u32>(high_others.y) * right;
      sum6 += vec4<u32>(low_others.z) * left + vec4<u32>(high_others.z) * right;
      sum7 += vec4<u32>(low_others.w) * left + vec4<u32>(high_others.w) * right;
    }
  }
  results[0] = sum0;
  results[1] = sum1;
  results[2] = sum2;
  results[3] = sum3;
  if (ROWS > 4u) {
    results[4] = sum4;
    results[5] = sum5;
    results[6] = sum6;
    results[7] = sum7;
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
