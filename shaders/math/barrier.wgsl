// The status buffer and the rounding barrier (docs/NUMERICS.md, B1, B6).
// bar(v) is v, but its bits pass through an integer operation whose other operand no compiler can know: the
// opaque zero is loaded from a read_write storage buffer. With bar on every rounded product and every rounded
// sum, no float operation feeds another, so nothing can be fused, reordered or distributed.
// Every entry point calls begin() before anything else. bar does not make a value canonical: see math/arith.
// Not here: who clears and reads the status buffer (the backend does, once a run).
struct Status {
  zero: u32, // always 0; the host writes it, no shader does
  flag: atomic<u32>, // becomes 1 when a kernel met what it cannot represent: the node is recomputed
}
@group(0) @binding(2) var<storage, read_write> status: Status;

var<private> opaque_zero: u32;

fn begin() {
  opaque_zero = status.zero;
}

fn bar(v: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(v) | opaque_zero);
}

// The same barrier, for results that go on as bits.
fn bar_bits(v: f32) -> u32 {
  return bitcast<u32>(v) | opaque_zero;
}

fn raise_flag() {
  atomicStore(&status.flag, 1u);
}
