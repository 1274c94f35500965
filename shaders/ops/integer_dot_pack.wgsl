// Packs one operand of integer_dot or integer_dot_conv: out[matrix][block][word][line of the block], four neighbouring terms of a
// line a word, their sign bits turned where they are unsigned (math/bytes). Terms come in runs that each begin a word; bytes
// behind a run, and lines past the end, are zero. Behind the words of a block stand the sum of each line, where `has_sums`
// says that it is wanted, and its zero point, turned likewise. One invocation writes one word. Rule V8: exact. The twin of
// wasm/ops/integer_dot_pack.c.
// #import math/barrier
// #import math/index
// #import math/bytes
// #import math/dot
struct Params {
  terms: u32,
  lines: u32,
  block: u32,
  is_signed: u32,
  line_stride: u32,
  term_stride: u32,
  zero_stride: u32,
  matrices: u32,
  batch_dims: array<vec4<u32>, 2>,
  batch_strides: array<vec4<u32>, 2>,
  zero_strides: array<vec4<u32>, 2>,
  run: u32,
  has_sums: u32,
  pad0: u32,
  pad1: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read> in1: array<u32>;
@group(0) @binding(5) var<storage, read_write> out0: array<u32>;

const WORKGROUP_SIZE = 64u;

var<private> flips: u32;

fn byte_at(at: u32) -> u32 {
  return ((in0[at >> 2u] ^ flips) >> (8u * (at & 3u))) & 255u;
}

// A word of the line that begins at `first`.
fn word_of(first: u32, word: u32) -> u32 {
  let words = (params.run + 3u) >> 2u;
  let run = div_u32(word, words);
  let term = 4u * (word - run * words); // of the run
  let at = first + (run * params.run + term) * params.term_stride;
  let left = params.run - term;
  if (params.term_stride < 2u && (at & 3u) < 1u && left > 3u) {
    return in0[at >> 2u] ^ flips;
  }
  var result = byte_at(at);
  if (left > 1u) {
    result |= byte_at(at + params.term_stride) << 8u;
  }
  if (left > 2u) {
    result |= byte_at(at + 2u * params.term_stride) << 16u;
  }
  if (left > 3u) {
    result |= byte_at(at + 3u * params.term_stride) << 24u;
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
  // index = ((matrix * blocks + block) * rows + row) * lines a block + line
  let index = (group.y * groups.x + group.x) * WORKGROUP_SIZE + local;
  let words = div_u32(params.terms, params.run) * ((params.run + 3u) >> 2u);
  let blocks = div_u32(params.lines + params.block - 1u, params.block);
  let place = div_u32(index, params.block);
  let unit = div_u32(place, words + 2u);
  let matrix = div_u32(unit, blocks);
  if (matrix >= params.matrices) {
    return;
  }
  let row = place - unit * (words + 2u);
  let line = (unit - matrix * blocks) * params.block + (index - place * params.block);
  if (line >= params.lines) {
    out0[index] = 0u;
    return;
  }
  flips = flips_of(params.is_signed);
  var at = line * params.line_stride;
  var zero_at = line * params.zero_stride;
  var rest = matrix;
  for (var axis = 0u; axis < 8u; axis++) {
    let dim = params.batch_dims[axis >> 2u][axis & 3u];
    let above = div_u32(rest, dim);
    let step = rest - above * dim;
    at += step * params.batch_strides[axis >> 2u][axis & 3u];
    zero_at += step * params.zero_strides[axis >> 2u][axis & 3u];
    rest = above;
  }
  if (row < words) {
    out0[index] = word_of(at, row);
    return;
  }
  if (row > words) {
    out0[index] = signed_byte((in1[zero_at >> 2u] ^ flips) >> (8u * (zero_at & 3u)));
    return;
  }
  var sum = vec4<u32>();
  let ones = raised_bytes(0x01010101u); // ones as they are, not raised: then the dot product is the sum
  for (var word = 0u; word < words * params.has_sums; word++) {
    sum += dots4(ones, signed_bytes4(vec4<u32>(word_of(at, word), 0u, 0u, 0u)), 4u);
  }
  out0[index] = sum.x;
}
