// The status buffer: the opaque zero of the rounding barrier, and the flag (docs/NUMERICS.md, B1, B6).
// The zero is loaded from a read_write storage buffer, so no compiler can know it: math/rounded makes barriers of it,
// math/index hides operands behind it.
// Every entry point calls begin() before anything else.
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

fn raise_flag() {
  atomicStore(&status.flag, 1u);
}
