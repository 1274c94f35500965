// Integer convolution on [batch][channel][plane][row][column] (V8): Y = sum over the taps inside the input of (x - zero point) *
// (w - zero point), exact, modulo 2^32, so no order matters; then the chain, whose seed is the word. Weights are packed by
// integer_dot_pack, a run a row of the kernel, in strips of 4 filters, or of 1 where a group has but one. The products of bytes
// are summed, taps outside the input as if they were its zero point, and with sums of filters and windows made what the
// differences give. Reads bytes where they lie. One invocation computes four outputs that are neighbours in a row, of the ROWS filters of a
// strip. Kernels of 1 x 1 are integer_dot_conv_plain's. The twin of wasm/ops/integer_dot_conv.c.
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
@group(0) @binding(4) var<storage, read> in1: array<u32>;
@group(0) @binding(5) var<storage, read> in2: array<u32>;

const WORKGROUP_SIZE = 64u;

// Chosen in src/ops/integer_dot_conv.ts. ROWS: 4, or 1 where a group has one filter. SPAN: the stride along rows, 1 or 2, where
// the kernel is not dilated along them: then four taps of four outputs lie in words that are read once; else 0.
// TAPS: the greatest number of taps a word. WHOLE: rows of the output are whole fours. CENTRED: no zero point of the weights counts.
override ROWS: u32 = 4u;
override SPAN: u32 = 0u;
override TAPS: u32 = 4u;
override WHOLE: bool = false;
override CENTRED: bool = false;

// Sums of the strip's filters, for four outputs each, and of their windows.
var<private> sum0: vec4<u32>;
var<private> sum1: vec4<u32>;
var<private> sum2: vec4<u32>;
var<private> sum3: vec4<u32>;
var<private> sums: vec4<u32>;
var<private> results: array<vec4<u32>, 4>;
// What turns and raises the input's bytes (math/dot).
var<private> flips: u32;
// The zero point four times side by side, as it lies.
var<private> outside: u32;
// Bytes inside the row, of the words that hold the span, and what is in place of the others.
var<private> inside: vec3<u32>;
var<private> filler: vec3<u32>;
// The next word of weights, and ones in place of those that are there.
var<private> weights: u32;
var<private> ones: u32;

// Every byte of the word that lies at column x and behind: 255 where it is inside the row.
fn mask_of(x: u32) -> u32 {
  let columns = vec4<u32>(x) + vec4<u32>(0u, 1u, 2u, 3u);
  let bytes = select(vec4<u32>(), vec4<u32>(0xffu, 0xff00u, 0xff0000u, 0xff000000u), columns < vec4<u32>(params.width));
  return bytes.x | bytes.y | bytes.z | bytes.w;
}

// TAPS taps of each of four outputs, a word an output, by the next words of weights.
fn add_taps(taps: Bytes4) {
  sum0 += dots4(signed_bytes(in1[weights]), taps, TAPS);
  if (ROWS > 1u) {
    sum1 += dots4(signed_bytes(in1[weights + 1u]), taps, TAPS);
    sum2 += dots4(signed_bytes(in1[weights + 2u]), taps, TAPS);
    sum3 += dots4(signed_bytes(in1[weights + 3u]), taps, TAPS);
  }
  if (!CENTRED) {
    sums += dots4(signed_bytes(ones), taps, TAPS);
  }
}

// Taps of a row whose bytes begin at `at`, which may lie before the input.
fn span_at(at: u32, is_inside: bool) -> Bytes4 {
  let last = arrayLength(&in0) - 1u;
  let word = (at >> 2u) - ((at >> 31u) << 30u); // rounded down, of numbers below 0 too
  let shift = 8u * (at & 3u);
  let first = in0[min(word, last)];
  let second = in0[min(word + 1u, last)];
  let third = in0[min(word + 2u, last)];
  // Shifted by 32 - shift in two steps: by 32 is no shift.
  let a = select(outside, (((first >> shift) | ((second << 1u) << (31u - shift))) & inside.x) | filler.x, is_inside);
  let b = select(outside, (((second >> shift) | ((third << 1u) << (31u - shift))) & inside.y) | filler.y, is_inside);
  if (SPAN < 2u) {
    return bytes4_by_one(a ^ flips, b ^ flips);
  }
  // Where the span begins at the last byte of a word, the last output's fourth tap lies in the fourth word, and the third's not.
  let fourth = select(0u, in0[min(word + 3u, last)], TAPS > 3u);
  let c = select(outside, (((third >> shift) | ((fourth << 1u) << (31u - shift))) & inside.z) | filler.z, is_inside);
  return bytes4_by_two(a ^ flips, b ^ flips, c ^ flips);
}

fn byte_at(line: u32, x: u32, limit: u32) -> u32 {
  let is_inside = x < limit;
  let at = select(0u, line + x, is_inside);
  return select(outside, in0[at >> 2u] >> (8u * (at & 3u)), is_inside) & 255u;
}

// The same, a byte at a time: `count` taps from column x on.
fn taps_at(line: u32, x: u32, limit: u32, count: u32) -> Bytes4 {
  var taps = vec4<u32>();
  for (var i = 0u; i < count; i++) {
    let column = x + i * params.dilation_width;
    let bytes = vec4<u32>(
      byte_at(line, column, limit),
      byte_at(line, column + params.stride_width, limit),
      byte_at(line, column + 2u * params.stride_width, limit),
      byte_at(line, column + 3u * params.stride_width, limit),
    );
    taps |= bytes << vec4<u32>(8u * i);
  }
  return raised_bytes4(taps ^ vec4<u32>(flips));
}

// What the zero points change of the sums of a filter, whose sum and zero point lie at `at`: see integer_dot_conv_plain.
fn differences(terms: u32, at: u32) -> vec4<u32> {
  let zero = signed_byte(outside ^ flips ^ RAISES) + RAISED;
  let filter_zero = in1[at + ROWS];
  return vec4<u32>((terms * filter_zero - in1[at]) * zero) - sums * filter_zero;
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

  flips = flips_of(params.is_signed) ^ RAISES;
  outside = (in2[0] & 255u) * 0x01010101u;

  let taps = params.kernel_depth * params.kernel_height * params.kernel_width;
  let lines = params.channels * params.kernel_depth * params.kernel_height;
  let line_words = (params.kernel_width + 3u) >> 2u;
  let number = image - div_u32(image, params.groups) * params.groups; // of the group
  let first_weight = (number * strips + strip) * (lines * line_words + 2u) * ROWS;
  for (var part = 0u; part < line_words; part++) {
    let count = min(4u, params.kernel_width - 4u * part);
    ones = 0x01010101u >> (8u * (4u - count));
    weights = first_weight + part * ROWS;
    let x = x0 + 4u * part * params.dilation_width;
    inside = vec3<u32>(mask_of(x), mask_of(x + 4u), mask_of(x + 8u));
    filler = vec3<u32>(outside) & ~inside;
    var plane = image * params.channels * params.depth;
    for (var c = 0u; c < params.channels; c++) {
      var z = z0;
      for (var kz = 0u; kz < params.kernel_depth; kz++) {
        var y = y0;
        for (var ky = 0u; ky < params.kernel_height; ky++) {
          let line = ((plane + z) * params.height + y) * params.width;
          let is_inside = z < params.depth && y < params.height;
          if (SPAN > 0u) {
            add_taps(span_at(line + x, is_inside));
          } else {
            add_taps(taps_at(line, x, select(0u, params.width, is_inside), count));
          }
          weights += line_words * ROWS;
          y += params.dilation_height;
        }
        z += params.dilation_depth;
      }
      plane += params.depth;
    }
  }

  let terms = params.channels * taps;
  let behind = first_weight + lines * line_words * ROWS;
  results[0] = sum0 + differences(terms, behind);
  if (ROWS > 1u) {
    results[1] = sum1 + differences(terms, behind + 1u);
    results[2] = sum2 + differences(terms, behind + 2u);
    results[3] = sum3 + differences(terms, behind + 3u);
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
