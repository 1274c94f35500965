// A shader's text without its rounding barriers (docs/NUMERICS.md, B1): what a measurement compares with. Nothing that runs
// a model may use it, since a compiler may then fuse and reorder.

// The bodies of bar_bits and bar4 in shaders/math/rounded_words.wgsl, and what they are without the opaque zero.
const BARRIERS: readonly (readonly [string, string])[] = [
  ['return bitcast<u32>(v) | opaque_zero;', 'return bitcast<u32>(v);'],
  ['return bitcast<vec4<f32>>(bitcast<vec4<u32>>(v) | vec4<u32>(opaque_zero));', 'return v;'],
];

/** @throws Error for a text that does not have each barrier once, as one of the rung 'soft' */
export function bare(text: string): string {
  return BARRIERS.reduce((result, [barrier, identity]) => {
    const found = result.split(barrier).length - 1;
    if (found === 1) return result.replace(barrier, identity);
    throw new Error(`bare: expected '${barrier}' once, found it ${found} times.`);
  }, text);
}
