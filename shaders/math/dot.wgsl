// Dot products of up to four bytes, exact in i32, here as u32 words, whose sums wrap (V8). Bytes are taken apart once, where a
// word is read. One side is signed (math/bytes); the other is raised by 128, so that its bytes have no sign to be found: who sums
// products reckons with a zero point that is raised likewise. Devices that have WGSL's dot4I8Packed, and passed the gate with
// it (B7), get math/dot_packed in place of this text, where words stay words and nothing is raised.

// By how much the bytes of the raised side are greater than signed ones; what raises four of a word.
const RAISED: u32 = 128u;
const RAISES: u32 = 0x80808080u;

// The bytes of a word, the lowest first.
alias Bytes = vec4<u32>;

// The same of four words: the lowest bytes of all, and so on.
struct Bytes4 {
  a: vec4<u32>,
  b: vec4<u32>,
  c: vec4<u32>,
  d: vec4<u32>,
}

fn raised_bytes(word: u32) -> Bytes {
  return vec4<u32>(word & 255u, (word >> 8u) & 255u, (word >> 16u) & 255u, word >> 24u);
}

fn signed_bytes(word: u32) -> Bytes {
  return raised_bytes(word ^ RAISES) - vec4<u32>(RAISED);
}

fn raised_bytes4(words: vec4<u32>) -> Bytes4 {
  let low = vec4<u32>(255u);
  return Bytes4(words & low, (words >> vec4<u32>(8u)) & low, (words >> vec4<u32>(16u)) & low, words >> vec4<u32>(24u));
}

fn signed_bytes4(words: vec4<u32>) -> Bytes4 {
  let raised = raised_bytes4(words ^ vec4<u32>(RAISES));
  let by = vec4<u32>(RAISED);
  return Bytes4(raised.a - by, raised.b - by, raised.c - by, raised.d - by);
}

// Four raised words whose bytes are those of a, b, c and d at one place.
fn bytes4_across(a: u32, b: u32, c: u32, d: u32) -> Bytes4 {
  return Bytes4(raised_bytes(a), raised_bytes(b), raised_bytes(c), raised_bytes(d));
}

// Four raised words of the bytes of a and b, each a byte further on.
fn bytes4_by_one(a: u32, b: u32) -> Bytes4 {
  let x = raised_bytes(a);
  let y = raised_bytes(b);
  return Bytes4(x, vec4<u32>(x.yzw, y.x), vec4<u32>(x.zw, y.xy), vec4<u32>(x.w, y.xyz));
}

// Four raised words of the bytes of a, b and c, each two bytes further on.
fn bytes4_by_two(a: u32, b: u32, c: u32) -> Bytes4 {
  let x = raised_bytes(a);
  let y = raised_bytes(b);
  let z = raised_bytes(c);
  return Bytes4(vec4<u32>(x.xz, y.xz), vec4<u32>(x.yw, y.yw), vec4<u32>(x.z, y.xz, z.x), vec4<u32>(x.w, y.yw, z.y));
}

// The dot products of one word with four, of which one side is raised; bytes from `count` on are 0 in the one.
fn dots4(word: Bytes, words: Bytes4, count: u32) -> vec4<u32> {
  var sum = vec4<u32>(word.x) * words.a;
  if (count > 1u) {
    sum += vec4<u32>(word.y) * words.b;
  }
  if (count > 2u) {
    sum += vec4<u32>(word.z) * words.c;
  }
  if (count > 3u) {
    sum += vec4<u32>(word.w) * words.d;
  }
  return sum;
}
