// Pairs of every head's elements turned by angles (V7), as RotaryEmbedding and GroupQueryAttention do it:
//   real = cos · x1 − sin · x2;  imaginary = sin · x1 + cos · x2
// x1 and x2 are the halves of the elements that are turned or, interleaved, the even and odd ones; the rest of a head is
// copied (V1). Heads are read where they lie. Not here: where angles come from.
import { broadcastStrides } from '../core/chain.ts';
import { paramFields, type Kernel, type LowerContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { sizeOf } from '../core/shape.ts';
import shader from '../../shaders/ops/rotate_pairs.wgsl';
import { copied, joined, type Heads } from './attend.ts';
import { gridOf } from './grid.ts';
import { castTo, widened } from './wide.ts';

export const rotatePairs: Kernel = {
  name: 'rotate_pairs',
  params: paramFields(
    'rows',
    'half',
    'interleaved',
    'offset',
    'dims[4]',
    'strides[4]',
    'angle_strides[4]',
  ),
  shader,
};

/** The first `turned` elements of every head turned; `cos` and `sin` are of one shape, which broadcasts. All is float32. */
function emitTurned(
  node: LowerContext,
  out: Value,
  x: Heads,
  cos: Value,
  sin: Value,
  isInterleaved: boolean,
): void {
  const dims = out.dims.slice(0, 3);
  const half = (out.dims[3] ?? 0) / 2;
  const rows = sizeOf(dims);
  node.emit(rotatePairs, {
    params: {
      rows,
      half,
      interleaved: isInterleaved ? 1 : 0,
      offset: x.offset,
      dims,
      strides: x.strides.slice(0, 3),
      angle_strides: broadcastStrides(cos.dims, [...dims, half]).slice(0, 3),
    },
    inputs: [x.value, cos, sin],
    outputs: [out],
    units: rows,
    unitCost: 6 * half,
    grid: gridOf(rows * Math.ceil(half / 2)),
  });
  out.canonical = true;
}

/** `x` turned, [a, b, c, size] in its own dtype; `cos` and `sin` broadcast to [a, b, c, turned / 2]. */
export function rotate(
  node: LowerContext,
  x: Heads,
  cos: Value,
  sin: Value,
  turned: number,
  isInterleaved: boolean,
): Value {
  const { dtype } = x.value;
  const size = x.dims[3] ?? 0;
  const outer = x.dims.slice(0, 3);
  if (turned === 0) return copied(node, x);
  const to = node.temp('float32', [...outer, turned]);
  // 16-bit floats are widened, turned, and rounded once (V9).
  const wide = { ...x, value: widened(node, x.value) };
  emitTurned(node, to, wide, widened(node, cos), widened(node, sin), isInterleaved);
  const y = castTo(node, to, dtype);
  return turned === size ? y : joined(node, [y, copied(node, x, turned)], 3);
}
