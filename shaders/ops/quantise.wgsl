// y[i] = saturate(round(x[i] / scale) + zero point) in uint8, one scale and zero point for all (QuantizeLinear): the quotient is
// a V6 operation, the nearest integer of it is taken, ties to even. One invocation computes WORDS words of bytes.
// Where the quotient is under 2^10 and no tie is near, the integer follows from a product with the reciprocal: of a scale in
// 2^-100 .. 2^100 that is rounded once, as is the product, and so is the quotient; in units of 2^-14 the first two are together
// off by 2.001 at most, and the third by 1. With the bits that are cut off these are less than 5, so that beyond 8
// from a tie both have one nearest integer. Else all words are computed again by the contract's quotient, in a loop, since devices
// that compute both sides of a branch skip a loop. The twin of wasm/ops/quantise.c.
// #import math/barrier
// #import math/chain
struct Params {
  n: u32,
  pad0: u32,
  pad1: u32,
  pad2: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read> in1: array<u32>;
@group(0) @binding(5) var<storage, read> in2: array<u32>;
@group(0) @binding(6) var<storage, read_write> out0: array<u32>;

const WORKGROUP_SIZE = 64u;
const WORKGROUP_BITS = firstTrailingBit(WORKGROUP_SIZE);
const WORDS = 4u;

var<private> factor: u32; // 1 / scale
var<private> limit: u32; // the least magnitude of x whose quotient may be 2^10
var<private> zero: u32;
var<private> doubtful: bool;

fn quantum(x: u32) -> u32 {
  let a = flush_below(x, CANONICAL_LIMIT);
  let magnitude = a & MAGNITUDE_BITS;
  // Where it is not used the product may be anything; of a small x it is small, whatever the device flushes.
  let quotient = mul_rounded(a, factor);
  let exponent = (quotient & MAGNITUDE_BITS) >> 23u;
  let fixed = ((quotient & FRACTION_BITS) | IMPLICIT_BIT) >> min(136u - exponent, 31u);
  let moved = fixed + 0x2000u;
  doubtful = doubtful || magnitude >= limit || (moved & 0x3fffu) - 8u >= 0x3ff0u;
  let sign = 0u - (quotient >> 31u);
  return clamp_u8(zero + (((moved >> 14u) ^ sign) - sign));
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  begin();
  let scale = canonical(in1[0]);
  let exponent = (scale & MAGNITUDE_BITS) >> 23u;
  factor = reciprocal_f32(scale);
  limit = select(0u, (exponent + 10u) << 23u, exponent - 27u <= 200u);
  zero = in2[0] & 255u;
  let words = (params.n + 3u) >> 2u;
  let last = params.n - 1u;
  let first = (group.y * groups.x + group.x) * (WORKGROUP_SIZE * WORDS) + local;
  let count = min(WORDS, (words - min(words, first) + WORKGROUP_SIZE - 1u) >> WORKGROUP_BITS);
  doubtful = false;
  for (var k = 0u; k < count; k++) {
    // Elements past the end are the last one's.
    let at = 4u * (first + k * WORKGROUP_SIZE);
    var bytes = quantum(in0[at]);
    bytes |= quantum(in0[min(at + 1u, last)]) << 8u;
    bytes |= quantum(in0[min(at + 2u, last)]) << 16u;
    bytes |= quantum(in0[min(at + 3u, last)]) << 24u;
    out0[at >> 2u] = bytes;
  }
  while (doubtful) {
    doubtful = false;
    for (var k = 0u; k < count; k++) {
      let at = 4u * (first + k * WORKGROUP_SIZE);
      var bytes = 0u;
      for (var i = 0u; i < 4u; i++) {
        let quotient = div_f32(in0[min(at + i, last)], scale);
        bytes |= clamp_u8(round_i32(quotient) + zero) << (8u * i);
      }
      out0[at >> 2u] = bytes;
    }
  }
}
