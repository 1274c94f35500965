// Integer convolution on [batch][channel][plane][row][column] (V8): Y = sum over the taps inside the input of
// (x - zero point) * w, exact, modulo 2^32, so no order matters; then the chain, whose seed is the word. Weights are packed
// by integer_pack, two terms a word, in strips of 4 filters, or of 1 where a group has but one. Reads bytes where they
// lie. One invocation computes four outputs that are neighbours in a row, of the ROWS filters of a strip.
// Kernels of 1 x 1 are integer_conv_plain's. The twin of wasm/ops/integer_conv.c.
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
@group(0) @binding(4) var<storage, read> in1: array<u32>;
@group(0) @binding(5) var<storage, read> in2: array<u32>;

const WORKGROUP_SIZE = 64u;

// Chosen in src/ops/integer_conv.ts. ROWS: 4, or 1 where a group has one filter. SPAN: the stride along rows, 1 or 2, where
// the kernel is 3 wide and not dilated along them: then the taps of a row lie in three words, which are read once; else 0.
// WHOLE: rows of the output are whole fours.
override ROWS: u32 = 4u;
override SPAN: u32 = 0u;
override WHOLE: bool = false;

// Sums of the strip's filters, for four outputs each.
var<private> sum0: vec4<u32>;
var<private> sum1: vec4<u32>;
var<private> sum2: vec4<u32>;
var<private> sum3: vec4<u32>;
var<private> results: array<vec4<u32>, 4>;
// What is subtracted from a byte whose sign bit `flip` turned, and four of both side by side.
var<private> bias: u32;
var<private> outside: u32;
var<private> flips: u32;
// Bytes inside the row, of the words that hold the span, and what is in place of the others.
var<private> inside: vec3<u32>;
var<private> filler: vec3<u32>;
// The strip's first word of weights; the next term.
var<private> weights: u32;
var<private> term: u32;

// Every byte of the word that lies at column x and behind: 255 where it is inside the row.
fn mask_of(x: u32) -> u32 {
  let columns = vec4<u32>(x) + vec4<u32>(0u, 1u, 2u, 3u);
  let bytes = select(vec4<u32>(), vec4<u32>(0xffu, 0xff00u, 0xff0000u, 0xff000000u), columns < vec4<u32>(params.width));
  return bytes.x | bytes.y | bytes.z | bytes.w;
}

// Adds three terms of a line of weights, which lie in two words whatever the first one's place.
fn add_taps(at: u32, first: vec4<u32>, second: vec4<u32>, third: vec4<u32>, sum: vec4<u32>) -> vec4<u32> {
  let shift = 16u * (term & 1u);
  let word = in1[at];
  let next = in1[at + ROWS];
  // Shifted by 32 - shift in two steps: by 32 is no shift.
  let pair = (word >> shift) | ((next << 1u) << (31u - shift));
  return sum + vec4<u32>(low_of(pair)) * first + vec4<u32>(low_of(pair >> 16u)) * second + vec4<u32>(low_of(next >> shift)) * third;
}

fn add_three(first: vec4<u32>, second: vec4<u32>, third: vec4<u32>) {
  let at = weights + (term >> 1u) * ROWS;
  sum0 = add_taps(at, first, second, third, sum0);
  if (ROWS > 1u) {
    sum1 = add_taps(at + 1u, first, second, third, sum1);
    sum2 = add_taps(at + 2u, first, second, third, sum2);
    sum3 = add_taps(at + 3u, first, second, third, sum3);
  }
  term += 3u;
}

fn add_tap(taps: vec4<u32>) {
  let at = weights + (term >> 1u) * ROWS;
  let shift = 16u * (term & 1u);
  sum0 += vec4<u32>(low_of(in1[at] >> shift)) * taps;
  if (ROWS > 1u) {
    sum1 += vec4<u32>(low_of(in1[at + 1u] >> shift)) * taps;
    sum2 += vec4<u32>(low_of(in1[at + 2u] >> shift)) * taps;
    sum3 += vec4<u32>(low_of(in1[at + 3u] >> shift)) * taps;
  }
  term += 1u;
}

// The three taps of a row whose bytes begin at `at`, which may lie before the input.
fn add_span(at: u32, is_inside: bool) {
  let last = arrayLength(&in0) - 1u;
  let word = (at >> 2u) - ((at >> 31u) << 30u); // rounded down, of numbers below 0 too
  let shift = 8u * (at & 3u);
  let first = in0[min(word, last)];
  let second = in0[min(word + 1u, last)];
  let third = in0[min(word + 2u, last)];
  // Shifted by 32 - shift in two steps: by 32 is no shift.
  let a = (first >> shift) | ((second << 1u) << (31u - shift));
  let b = (second >> shift) | ((third << 1u) << (31u - shift));
  let low = select(outside, ((a ^ flips) & inside.x) | filler.x, is_inside);
  let middle = select(outside, ((b ^ flips) & inside.y) | filler.y, is_inside);
  let x0 = (low & 255u) - bias;
  let x1 = ((low >> 8u) & 255u) - bias;
  let x2 = ((low >> 16u) & 255u) - bias;
  let x3 = (low >> 24u) - bias;
  let x4 = (middle & 255u) - bias;
  let x5 = ((middle >> 8u) & 255u) - bias;
  if (SPAN < 2u) {
    add_three(vec4<u32>(x0, x1, x2, x3), vec4<u32>(x1, x2, x3, x4), vec4<u32>(x2, x3, x4, x5));
    return;
  }
  let high = select(outside, (((third >> shift) ^ flips) & inside.z) | filler.z, is_inside);
  let x6 = ((middle >> 16u) & 255u) - bias;
  let x7 = (middle >> 24u) - bias;
  let x8 = (high & 255u) - bias;
  add_three(vec4<u32>(x0, x2, x4, x6), vec4<u32>(x1, x3, x5, x7), vec4<u32>(x2, x4, x6, x8));
}

fn tap_at(line: u32, x: u32, limit: u32) -> u32 {
  let is_inside = x < limit;
  let at = select(0u, line + x, is_inside);
  let byte = ((in0[at >> 2u] ^ flips) >> (8u * (at & 3u))) & 255u;
  return select(0u, byte - bias, is_inside);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  begin();
  // index = (((image * strips + strip) * out_depth + z) * out_height + y) * quads + quad
  let index = (group.y * groups.x + group.x) * WORKGROUP_SIZE + local;
  let quads = (params.out_width + 3u) >> 2u;
  let strips = select((params.filters + 3u) >> 2u, 1u, ROWS < 2u);
  let row = div_u32(index, quads);
  let slice = div_u32(row, params.out_height);
  let place = div_u32(slice, params.out_depth);
  let image = div_u32(place, strips);
  if (image >= params.images) {
    return;
  }
  let strip = place - image * strips;
  let column = 4u * (index - row * quads);
  let z0 = (slice - place * params.out_depth) * params.stride_depth - params.pad_front;
  let y0 = (row - slice * params.out_height) * params.stride_height - params.pad_top;
  let x0 = column * params.stride_width - params.pad_left;

  let flip = select(0u, 128u, params.is_signed > 0u);
  bias = (in2[0] & 255u) ^ flip;
  flips = flip * 0x01010101u;
  outside = bias * 0x01010101u;
  inside = vec3<u32>(mask_of(x0), mask_of(x0 + 4u), mask_of(x0 + 8u));
  filler = vec3<u32>(outside) & ~inside;

  let taps = params.kernel_depth * params.kernel_height * params.kernel_width;
  let pairs = (params.channels * taps + 1u) >> 1u;
  let number = image - div_u32(image, params.groups) * params.groups; // of the group
  weights = (number * strips + strip) * pairs * ROWS;
  term = 0u;
  var plane = image * params.channels * params.depth;
  for (var c = 0u; c < params.channels; c++) {
    var z = z0;
    for (var kz = 0u; kz < params.kernel_depth; kz++) {
      var y = y0;
      for (var ky = 0u; ky < params.kernel_height; ky++) {
        let line = ((plane + z) * params.height + y) * params.width;
        let is_inside = z < params.depth && y < params.height;
        if (SPAN > 0u) {
          add_span(line + x0, is_inside);
        } else {
          let limit = select(0u, params.width, is_inside);
          var x = x0;
          for (var kx = 0u; kx < params.kernel_width; kx++) {
            add_tap(vec4<u32>(
              tap_at(line, x, limit),
              tap_at(line, x + params.stride_width, limit),
              tap_at(line, x + 2u * params.stride_width, limit),
              tap_at(line, x + 3u * params.stride_width, limit),
            ));
            x += params.dilation_width;
          }
        }
        y += params.dilation_height;
      }
      z += params.dilation_depth;
    }
    plane += params.depth;
  }

  results[0] = sum0;
  if (ROWS > 1u) {
    results[1] = sum1;
    results[2] = sum2;
    results[3] = sum3;
  }
  let plane_size = params.out_depth * params.out_height * params.out_width;
  let start = (row - place * params.out_depth * params.out_height) * params.out_width + column;
  let left = params.out_width - column;
  doubts = false;
  for (var y = 0u; y < min(ROWS, params.filters - 4u * strip); y++) {
    let first = (image * params.filters + 4u * strip + y) * plane_size;
    epilogue_row(first);
    store4(results[y], first + start, left);
  }
  // A loop, since devices that compute both sides of a branch skip a loop.
  while (doubts) {
    doubts = false;
    for (var y = 0u; y < min(ROWS, params.filters - 4u * strip); y++) {
      let first = (image * params.filters + 4u * strip + y) * plane_size;
      epilogue_row(first);
      store4_exactly(results[y], first + start, left);
    }
  }
}
