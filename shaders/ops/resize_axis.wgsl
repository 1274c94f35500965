// Resize, linear and cubic, along one axis: y[o] = the sum over taps t in order of x[index[t, o]] * weight[t, o],
// every product and sum a V2 operation; a tap of weight 0 is left out (infinity by 0 never arises).
// One invocation computes four neighbours: the first one's place is divided out, the others follow.
// #import math/arith
// #import math/index
struct Params {
  n: u32,
  in_size: u32,
  out_size: u32,
  inner: u32,
  taps: u32,
  outer: u32,
  canonical: u32,
  pad0: u32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read> in0: array<u32>;
@group(0) @binding(4) var<storage, read> in1: array<u32>;
@group(0) @binding(5) var<storage, read> in2: array<u32>;
@group(0) @binding(6) var<storage, read_write> out0: array<u32>;

override TAPS: u32 = 5u; // params.taps; up to four are written out
const WORKGROUP_SIZE = 64u;

// An output element: its index before, on and behind the axis.
struct Place {
  outer: u32,
  on_axis: u32,
  inner: u32,
}

fn place_of(element: u32) -> Place {
  let row = div_u32(element, params.inner);
  let outer = div_u32(row, params.out_size);
  return Place(outer, row - outer * params.out_size, element - row * params.inner);
}

fn place_after(place: Place) -> Place {
  let wraps = place.inner + 1u >= params.inner;
  let on_axis = place.on_axis + select(0u, 1u, wraps);
  let is_past = on_axis >= params.out_size;
  return Place(
    place.outer + select(0u, 1u, is_past),
    select(on_axis, 0u, is_past),
    select(place.inner + 1u, 0u, wraps),
  );
}

// The product of tap t; +0 for a tap that is left out, which adds nothing to a canonical sum.
fn tap(base: u32, place: Place, t: u32) -> u32 {
  let at = t * params.out_size + place.on_axis;
  let weight = in2[at];
  return select(mul_f32(in0[base + in1[at] * params.inner], weight), 0u, weight < 1u);
}

fn interpolate(place: Place) -> u32 {
  let base = place.outer * params.in_size * params.inner + place.inner;
  var sum = tap(base, place, 0u);
  if (TAPS > 1u) {
    sum = add_f32(sum, tap(base, place, 1u));
  }
  if (TAPS > 2u) {
    sum = add_f32(sum, tap(base, place, 2u));
  }
  if (TAPS > 3u) {
    sum = add_f32(sum, tap(base, place, 3u));
  }
  if (TAPS > 4u) {
    for (var t = 4u; t < params.taps; t++) {
      sum = add_f32(sum, tap(base, place, t));
    }
  }
  return sum;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  begin();
  let first = 4u * ((group.y * groups.x + group.x) * WORKGROUP_SIZE + local);
  let place0 = place_of(first);
  let place1 = place_after(place0);
  let place2 = place_after(place1);
  let place3 = place_after(place2);
  if (first < params.n) {
    out0[first] = interpolate(place0);
  }
  if (first + 1u < params.n) {
    out0[first + 1u] = interpolate(place1);
  }
  if (first + 2u < params.n) {
    out0[first + 2u] = interpolate(place2);
  }
  if (first + 3u < params.n) {
    out0[first + 3u] = interpolate(place3);
  }
}
