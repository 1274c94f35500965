// The entry point of the device gate for integers and memory: each invocation takes one vector of words through
// functions that kernels are made of. The order of the results is that of WORDS in src/backends/webgpu/gate_vectors.ts.
// #import math/arith
// #import math/index
// #import math/dot
// #import math/limbs

@group(0) @binding(3) var<storage, read> in0: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read_write> out0: array<u32>;

var<workgroup> sh_words: array<u32, 64>;
var<private> at: u32;
var<private> step: u32;

fn put(word: u32) {
  out0[at] = word;
  at += step;
}

// An f16 as an f32 word, in integers.
fn f16_to_f32(h: u32) -> u32 {
  let sign = (h & 0x8000u) << 16u;
  let field = (h >> 10u) & 31u;
  let fraction = h & 0x3ffu;
  let zeros = countLeadingZeros(fraction | 1u); // 22 for the largest subnormal
  let subnormal = select(((134u - zeros) << 23u) | ((fraction << (zeros - 8u)) & FRACTION_BITS), 0u, fraction < 1u);
  let special = INFINITY_BITS | (fraction << 13u);
  let normal = ((field + 112u) << 23u) | (fraction << 13u);
  return sign | select(select(normal, special, field > 30u), subnormal, field < 1u);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  begin();
  at = id.x;
  step = arrayLength(&in0);
  let v = in0[id.x];
  sh_words[local] = v.x;
  workgroupBarrier();
  put(v.x);
  put(sh_words[63u - local]);
  put(v.x + v.y);
  put(v.x - v.y);
  put(v.x * v.y);
  let sum = u64_add(U64(v.x, v.y), U64(v.z, v.w));
  put(sum.lo);
  put(sum.hi);
  let difference = u64_sub(U64(v.x, v.y), U64(v.z, v.w));
  put(difference.lo);
  put(difference.hi);
  let product = mul_wide(v.x, v.y);
  put(product.lo);
  put(product.hi);
  put(v.x << (v.y & 31u));
  put(v.x >> (v.y & 31u));
  put(u64_shl(U64(v.x, v.y), v.z & 63u).hi);
  put(select(7u, 9u, (v.x & v.y & 15u) < 1u));
  put(countLeadingZeros(v.x));
  put(div_u32(v.x, max(v.y, 1u)));
  put(div_u32(v.x, max(v.y & 255u, 1u)));
  put(select(0u, 1u, bitcast<i32>(v.x) < bitcast<i32>(v.y)));
  put(min(v.x, v.y));
  put(max(v.x, v.y));
  put(i32_to_f32(v.x));
  put(f32_to_i32(v.x));
  put(f16_to_f32(v.x >> 16u));
  // A raised side adds so much of the other: it is taken off by what zeros, raised, give.
  let one = dots4(raised_bytes(v.x ^ RAISES), signed_bytes4(v), 4u).y - dots4(raised_bytes(RAISES), signed_bytes4(v), 4u).y;
  let other = dots4(signed_bytes(v.x), raised_bytes4(v ^ vec4<u32>(RAISES)), 4u).z - dots4(signed_bytes(v.x), raised_bytes4(vec4<u32>(RAISES)), 4u).z;
  put(one);
  put(other);
  if (id.x == step - 1u) {
    raise_flag();
  }
}
