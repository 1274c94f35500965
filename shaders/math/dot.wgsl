// Dot products of up to four signed bytes (math/bytes), exact in i32, here as u32 words, whose sums wrap (V8). Bytes are taken
// apart once, where a word is read. Devices that have WGSL's dot4I8Packed, and passed the gate with it (B7), get
// math/dot_packed in place of this text, where words stay words.

// The bytes of a word, the lowest first.
alias Bytes = vec4<u32>;

// The same of four words: the lowest bytes of all, and so on.
struct Bytes4 {
  a: vec4<u32>,
  b: vec4<u32>,
  c: vec4<u32>,
  d: vec4<u32>,
}

// Four bytes, each the lowest of a word, as two's complement words.
fn signed4(words: vec4<u32>) -> vec4<u32> {
  return ((words & vec4<u32>(255u)) ^ vec4<u32>(128u)) - vec4<u32>(128u);
}

fn bytes_of(word: u32) -> Bytes {
  return signed4(vec4<u32>(word) >> vec4<u32>(0u, 8u, 16u, 24u));
}

fn bytes4_of(words: vec4<u32>) -> Bytes4 {
  return Bytes4(signed4(words), signed4(words >> vec4<u32>(8u)), signed4(words >> vec4<u32>(16u)), signed4(words >> vec4<u32>(24u)));
}

// Four words whose bytes are those of a, b, c and d at one place.
fn bytes4_across(a: u32, b: u32, c: u32, d: u32) -> Bytes4 {
  return Bytes4(bytes_of(a), bytes_of(b), bytes_of(c), bytes_of(d));
}

// Four words of the bytes of a and b, each a byte further on.
fn bytes4_by_one(a: u32, b: u32) -> Bytes4 {
  let x = bytes_of(a);
  let y = bytes_of(b);
  return Bytes4(x, vec4<u32>(x.yzw, y.x), vec4<u32>(x.zw, y.xy), vec4<u32>(x.w, y.xyz));
}

// Four words of the bytes of a, b and c, each two bytes further on.
fn bytes4_by_two(a: u32, b: u32, c: u32) -> Bytes4 {
  let x = bytes_of(a);
  let y = bytes_of(b);
  let z = bytes_of(c);
  return Bytes4(vec4<u32>(x.xz, y.xz), vec4<u32>(x.yw, y.yw), vec4<u32>(x.z, y.xz, z.x), vec4<u32>(x.w, y.yw, z.y));
}

// The dot products of one word with four; bytes from `count` on are 0 in the one.
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
