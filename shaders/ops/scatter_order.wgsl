// The first half of ScatterND and ScatterElements: which update each slot gets. out[slot] = 1 + the number of the
// last update in index order that names the slot, 0 if none does (V11: the last one wins). Updates with an index
// outside the tensor are dropped. One workgroup: it clears the slots, then takes the maximum of integers, which no
// order of execution changes.
// #import math/barrier
// #import math/index
// #import math/indices
struct Params {
  slots: u32,
  count: u32,
  tuple: u32,
  index_bytes: u32,
  rank: u32,
  pad0: u32,
  pad1: u32,
  pad2: u32,
  dims: array<vec4<u32>, 2>,
  strides: array<vec4<u32>, 2>,
  tuple_dims: array<vec4<u32>, 2>,
  tuple_strides: array<vec4<u32>, 2>,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read_write> out0: array<atomic<u32>>;

const WORKGROUP_SIZE = 128u;

fn index_at(at: u32, size: u32) -> u32 {
  if (params.index_bytes > 4u) {
    return wrapped_index(in0[2u * at], in0[2u * at + 1u], size);
  }
  return wrapped_index(in0[at], sign_word(in0[at]), size);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(local_invocation_index) local: u32) {
  begin();
  for (var slot = local; slot < params.slots; slot += WORKGROUP_SIZE) {
    atomicStore(&out0[slot], 0u);
  }
  storageBarrier();
  for (var update = local; update < params.count; update += WORKGROUP_SIZE) {
    var slot = 0u;
    var rest = update;
    for (var axis = params.rank; axis > 0u; axis--) {
      let k = axis - 1u;
      let dim = params.dims[k >> 2u][k & 3u];
      let above = div_u32(rest, dim);
      slot += (rest - above * dim) * params.strides[k >> 2u][k & 3u];
      rest = above;
    }
    var outside = false;
    for (var k = 0u; k < params.tuple; k++) {
      let size = params.tuple_dims[k >> 2u][k & 3u];
      let index = index_at(update * params.tuple + k, size);
      outside = outside || index >= size;
      slot += index * params.tuple_strides[k >> 2u][k & 3u];
    }
    if (!outside) {
      atomicMax(&out0[slot], update + 1u);
    }
  }
}
