// 8 rows by 8 columns of dot products an invocation, in registers (V4): the whole of a product kernel but its operands.
// Invocation `lane` of a row block owns columns lane, lane + lanes, lane + 2 lanes …, or pairs so, so that neighbours read and
// write neighbouring words; a workgroup is 2^row_bits row blocks by 64 / 2^row_bits lanes. None of it moves a bit.
// No workgroup memory: with four instructions a term (two roundings, two barriers) the caches keep up.
// The host text defines block_extent(), block_begin(image, row, lane, lanes), block_column(lane, lanes, i), and the operands of term k:
// block_left(k), its 8 rows, and block_right(k), its 8 columns; what lies past the end may be anything finite. An odd term's rows
// are block_left_odd(k), asked for next after those of the term before, with which they may have been read.
// #import math/index
// #import math/product
// LEVELS: 1 for up to 64 terms, 2 for up to 64^2, else 3; registers of unused levels vanish.
override LEVELS: u32 = 3u;

var<private> sum0a: Float4;
var<private> sum0b: Float4;
var<private> sum1a: Float4;
var<private> sum1b: Float4;
var<private> sum2a: Float4;
var<private> sum2b: Float4;
var<private> sum3a: Float4;
var<private> sum3b: Float4;
var<private> sum4a: Float4;
var<private> sum4b: Float4;
var<private> sum5a: Float4;
var<private> sum5b: Float4;
var<private> sum6a: Float4;
var<private> sum6b: Float4;
var<private> sum7a: Float4;
var<private> sum7b: Float4;
var<private> one0a: Float4;
var<private> one0b: Float4;
var<private> one1a: Float4;
var<private> one1b: Float4;
var<private> one2a: Float4;
var<private> one2b: Float4;
var<private> one3a: Float4;
var<private> one3b: Float4;
var<private> one4a: Float4;
var<private> one4b: Float4;
var<private> one5a: Float4;
var<private> one5b: Float4;
var<private> one6a: Float4;
var<private> one6b: Float4;
var<private> one7a: Float4;
var<private> one7b: Float4;
var<private> two0a: Float4;
var<private> two0b: Float4;
var<private> two1a: Float4;
var<private> two1b: Float4;
var<private> two2a: Float4;
var<private> two2b: Float4;
var<private> two3a: Float4;
var<private> two3b: Float4;
var<private> two4a: Float4;
var<private> two4b: Float4;
var<private> two5a: Float4;
var<private> two5b: Float4;
var<private> two6a: Float4;
var<private> two6b: Float4;
var<private> two7a: Float4;
var<private> two7b: Float4;

// Two terms, first a by b, then c by d: what lies between stays in registers even on slow compilers.
fn add_two_terms(a: Eight, b: Eight, c: Eight, d: Eight) {
  sum0a = multiply_add(multiply_add(sum0a, b.low, a.low.x), d.low, c.low.x);
  sum0b = multiply_add(multiply_add(sum0b, b.high, a.low.x), d.high, c.low.x);
  sum1a = multiply_add(multiply_add(sum1a, b.low, a.low.y), d.low, c.low.y);
  sum1b = multiply_add(multiply_add(sum1b, b.high, a.low.y), d.high, c.low.y);
  sum2a = multiply_add(multiply_add(sum2a, b.low, a.low.z), d.low, c.low.z);
  sum2b = multiply_add(multiply_add(sum2b, b.high, a.low.z), d.high, c.low.z);
  sum3a = multiply_add(multiply_add(sum3a, b.low, a.low.w), d.low, c.low.w);
  sum3b = multiply_add(multiply_add(sum3b, b.high, a.low.w), d.high, c.low.w);
  sum4a = multiply_add(multiply_add(sum4a, b.low, a.high.x), d.low, c.high.x);
  sum4b = multiply_add(multiply_add(sum4b, b.high, a.high.x), d.high, c.high.x);
  sum5a = multiply_add(multiply_add(sum5a, b.low, a.high.y), d.low, c.high.y);
  sum5b = multiply_add(multiply_add(sum5b, b.high, a.high.y), d.high, c.high.y);
  sum6a = multiply_add(multiply_add(sum6a, b.low, a.high.z), d.low, c.high.z);
  sum6b = multiply_add(multiply_add(sum6b, b.high, a.high.z), d.high, c.high.z);
  sum7a = multiply_add(multiply_add(sum7a, b.low, a.high.w), d.low, c.high.w);
  sum7b = multiply_add(multiply_add(sum7b, b.high, a.high.w), d.high, c.high.w);
}

// After every group of 64 terms and after the last term; `terms` so far.
fn close_group(terms: u32) {
  if (LEVELS < 2u) {
    return;
  }
  one0a = add4(one0a, sum0a);
  one0b = add4(one0b, sum0b);
  one1a = add4(one1a, sum1a);
  one1b = add4(one1b, sum1b);
  one2a = add4(one2a, sum2a);
  one2b = add4(one2b, sum2b);
  one3a = add4(one3a, sum3a);
  one3b = add4(one3b, sum3b);
  one4a = add4(one4a, sum4a);
  one4b = add4(one4b, sum4b);
  one5a = add4(one5a, sum5a);
  one5b = add4(one5b, sum5b);
  one6a = add4(one6a, sum6a);
  one6b = add4(one6b, sum6b);
  one7a = add4(one7a, sum7a);
  one7b = add4(one7b, sum7b);
  sum0a = Float4();
  sum0b = Float4();
  sum1a = Float4();
  sum1b = Float4();
  sum2a = Float4();
  sum2b = Float4();
  sum3a = Float4();
  sum3b = Float4();
  sum4a = Float4();
  sum4b = Float4();
  sum5a = Float4();
  sum5b = Float4();
  sum6a = Float4();
  sum6b = Float4();
  sum7a = Float4();
  sum7b = Float4();
  if (LEVELS < 3u || (terms & 4095u) > 0u) {
    return;
  }
  two0a = add4(two0a, one0a);
  two0b = add4(two0b, one0b);
  two1a = add4(two1a, one1a);
  two1b = add4(two1b, one1b);
  two2a = add4(two2a, one2a);
  two2b = add4(two2b, one2b);
  two3a = add4(two3a, one3a);
  two3b = add4(two3b, one3b);
  two4a = add4(two4a, one4a);
  two4b = add4(two4b, one4b);
  two5a = add4(two5a, one5a);
  two5b = add4(two5b, one5b);
  two6a = add4(two6a, one6a);
  two6b = add4(two6b, one6b);
  two7a = add4(two7a, one7a);
  two7b = add4(two7b, one7b);
  one0a = Float4();
  one0b = Float4();
  one1a = Float4();
  one1b = Float4();
  one2a = Float4();
  one2b = Float4();
  one3a = Float4();
  one3b = Float4();
  one4a = Float4();
  one4b = Float4();
  one5a = Float4();
  one5b = Float4();
  one6a = Float4();
  one6b = Float4();
  one7a = Float4();
  one7b = Float4();
}

fn masked(a: Eight, inside: bool) -> Eight {
  let zero = Float4();
  return Eight(select(zero, a.low, inside), select(zero, a.high, inside));
}

fn total(sum: Float4, one: Float4, two: Float4) -> vec4<u32> {
  if (LEVELS < 2u) {
    return stored4(sum);
  }
  if (LEVELS < 3u) {
    return stored4(one);
  }
  return stored4(add4(two, one));
}

var<private> totals: array<vec4<u32>, 16>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  begin();
  let extent = block_extent();
  let workgroup = group.y * groups.x + group.x;
  let lanes = (extent.columns + 7u) >> 3u;
  let strips = (extent.rows + (8u << extent.row_bits) - 1u) >> (3u + extent.row_bits);
  let index = (workgroup << (6u - extent.row_bits)) + (local & (63u >> extent.row_bits));
  let strip = div_u32(index, lanes);
  let lane = index - strip * lanes;
  let image = div_u32(strip, strips);
  let row = 8u * (((strip - image * strips) << extent.row_bits) + (local >> (6u - extent.row_bits)));
  if (image >= extent.images || row >= extent.rows) {
    return;
  }
  block_begin(image, row, lane, lanes);
  for (var start = 0u; start < extent.terms; start += 64u) {
    let end = min(start + 64u, extent.terms);
    for (var k = start; k < end; k += 2u) {
      // Behind an odd last term comes +0 times it.
      let next = min(k + 1u, end - 1u);
      add_two_terms(block_left(k), block_right(k), masked(block_left_odd(next), k + 1u < end), block_right(next));
    }
    close_group(end);
  }
  check_operands(extent.terms);

  totals[0] = total(sum0a, one0a, two0a);
  totals[1] = total(sum0b, one0b, two0b);
  totals[2] = total(sum1a, one1a, two1a);
  totals[3] = total(sum1b, one1b, two1b);
  totals[4] = total(sum2a, one2a, two2a);
  totals[5] = total(sum2b, one2b, two2b);
  totals[6] = total(sum3a, one3a, two3a);
  totals[7] = total(sum3b, one3b, two3b);
  totals[8] = total(sum4a, one4a, two4a);
  totals[9] = total(sum4b, one4b, two4b);
  totals[10] = total(sum5a, one5a, two5a);
  totals[11] = total(sum5b, one5b, two5b);
  totals[12] = total(sum6a, one6a, two6a);
  totals[13] = total(sum6b, one6b, two6b);
  totals[14] = total(sum7a, one7a, two7a);
  totals[15] = total(sum7b, one7b, two7b);
  for (var y = 0u; y < min(8u, extent.rows - row); y++) {
    let first = (image * extent.rows + row + y) * extent.columns;
    epilogue_row(first);
    for (var i = 0u; i < 8u; i++) {
      let column = block_column(lane, lanes, i);
      if (column < extent.columns) {
        out0[first + column] = epilogue(totals[2u * y + (i >> 2u)][i & 3u], first + column);
      }
    }
  }
}
