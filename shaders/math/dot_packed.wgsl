// math/dot where the device has dot4I8Packed: the dot product of four signed bytes, which WGSL defines as an exact i32.
// Words stay as they are.

const RAISED: u32 = 0u;
const RAISES: u32 = 0u;

alias Bytes = u32;

alias Bytes4 = vec4<u32>;

fn raised_bytes(word: u32) -> Bytes {
  return word;
}

fn signed_bytes(word: u32) -> Bytes {
  return word;
}

fn raised_bytes4(words: vec4<u32>) -> Bytes4 {
  return words;
}

fn signed_bytes4(words: vec4<u32>) -> Bytes4 {
  return words;
}

// Four words whose bytes are those of a, b, c and d at one place.
fn bytes4_across(a: u32, b: u32, c: u32, d: u32) -> Bytes4 {
  let even = 0x00ff00ffu;
  let low = 0xffffu;
  let ab02 = (a & even) | ((b & even) << 8u);
  let ab13 = ((a >> 8u) & even) | (b & ~even);
  let cd02 = (c & even) | ((d & even) << 8u);
  let cd13 = ((c >> 8u) & even) | (d & ~even);
  return vec4<u32>((ab02 & low) | (cd02 << 16u), (ab13 & low) | (cd13 << 16u), (ab02 >> 16u) | (cd02 & ~low), (ab13 >> 16u) | (cd13 & ~low));
}

// Four words of the bytes of a and b, each a byte further on.
fn bytes4_by_one(a: u32, b: u32) -> Bytes4 {
  return vec4<u32>(a, (a >> 8u) | (b << 24u), (a >> 16u) | (b << 16u), (a >> 24u) | (b << 8u));
}

// Four words of the bytes of a, b and c, each two bytes further on.
fn bytes4_by_two(a: u32, b: u32, c: u32) -> Bytes4 {
  return vec4<u32>(a, (a >> 16u) | (b << 16u), b, (b >> 16u) | (c << 16u));
}

// The dot products of one word with four; bytes from `count` on are 0 in the one.
fn dots4(word: Bytes, words: Bytes4, count: u32) -> vec4<u32> {
  return bitcast<vec4<u32>>(vec4<i32>(
    dot4I8Packed(word, words.x),
    dot4I8Packed(word, words.y),
    dot4I8Packed(word, words.z),
    dot4I8Packed(word, words.w),
  ));
}
