// The end of integer_dot_conv: the chain, and the store of as many of four neighbouring words as there are. The columns are
// written out, for a loop would index registers. store4 takes the short steps (math/quick): where `doubts` is set behind it, and
// only there, store4_exactly is to follow. The host declares chain, out0 and
// WHOLE, which says that there are always four.
// #import math/quick

fn store4(words: vec4<u32>, at: u32, left: u32) {
  out0[at] = quickly(words.x, at);
  if (WHOLE || left > 1u) {
    out0[at + 1u] = quickly(words.y, at + 1u);
  }
  if (WHOLE || left > 2u) {
    out0[at + 2u] = quickly(words.z, at + 2u);
  }
  if (WHOLE || left > 3u) {
    out0[at + 3u] = quickly(words.w, at + 3u);
  }
}

fn store4_exactly(words: vec4<u32>, at: u32, left: u32) {
  for (var i = 0u; i < min(left, 4u); i++) {
    out0[at + i] = epilogue(words[i], at + i);
  }
}
