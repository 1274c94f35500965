// The largest keys of all lanes of a workgroup, for extrema and quantise_range: a tree through workgroup memory.
// Called by all lanes alike. The keys of an empty set are 0.

const LANES = 64u;

var<workgroup> sh_least: array<u32, 64>;
var<workgroup> sh_most: array<u32, 64>;

// Puts the largest of both into the first elements.
fn join_lanes(local: u32, least: u32, most: u32) {
  sh_least[local] = least;
  sh_most[local] = most;
  workgroupBarrier();
  for (var half = LANES >> 1u; half > 0u; half = half >> 1u) {
    if (local < half) {
      sh_least[local] = max(sh_least[local], sh_least[local + half]);
      sh_most[local] = max(sh_most[local], sh_most[local + half]);
    }
    workgroupBarrier();
  }
}
