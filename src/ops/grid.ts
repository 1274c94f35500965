// How many workgroups a WebGPU kernel needs. Kernels that follow compute their flat index as
// `(group.y * groups.x + group.x) * 64 + lane` and return where it is past the end.
const MOST = 65535; // workgroups a dimension, by the default limits

/** Workgroups for `invocations`, in two dimensions where one does not reach. */
export function gridOf(invocations: number, workgroupSize = 64): readonly [number, number, number] {
  const groups = Math.max(1, Math.ceil(invocations / workgroupSize));
  if (groups <= MOST) return [groups, 1, 1];
  const rows = Math.ceil(groups / MOST);
  return [Math.ceil(groups / rows), rows, 1];
}
