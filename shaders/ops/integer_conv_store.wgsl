// The end of kernels that compute four neighbouring words: the chain, and the store of those that there are. The columns
// are written out, for a loop would index registers. The host declares the chain and out0.

fn store4(words: vec4<u32>, at: u32, left: u32) {
  out0[at] = epilogue(words.x, at);
  if (left > 1u) {
    out0[at + 1u] = epilogue(words.y, at + 1u);
  }
  if (left > 2u) {
    out0[at + 2u] = epilogue(words.z, at + 2u);
  }
  if (left > 3u) {
    out0[at + 3u] = epilogue(words.w, at + 3u);
  }
}
