// The range of a float32 tensor and what quantises it to uint8, for DynamicQuantizeLinear and products that quantise their
// operand: least and greatest element with 0, scale = range / 255, zero point = saturate(round(−least / scale)) (V2, V8).
// The reference finds both elements in one pass over blocks; they are exact, so the blocks move no bit. Not here: what is
// quantised (quantise.ts).
import { paramFields, type Kernel, type LowerContext } from '../core/op.ts';
import { sizeOf } from '../core/shape.ts';
import type { Value } from '../core/value.ts';
import { emitChain } from './chain_builder.ts';
import { emitReduce } from './reduce.ts';

export const extrema: Kernel = {
  name: 'extrema',
  params: paramFields('n', 'block', 'pad0', 'pad1'),
};

// Elements a unit: as many as the first-level cache holds, for they have just been written, or will be read.
const BLOCK = 8192;

/** The least and the greatest element of x, each as a scalar. */
function emitExtrema(node: LowerContext, x: Value): { least: Value; most: Value } {
  const n = sizeOf(x.dims);
  const fold = (op: 'min' | 'max', of: Value): Value => {
    const to = node.temp('float32', []);
    const axes = of.dims.map((_, axis) => axis);
    emitReduce(node, op, to, of, axes);
    return to;
  };
  if (node.target !== 'wasm' || n === 0) return { least: fold('min', x), most: fold('max', x) };
  const units = Math.ceil(n / BLOCK);
  const dims = units === 1 ? [] : [units];
  const [least, most] = [node.temp('float32', dims), node.temp('float32', dims)];
  node.emit(extrema, {
    params: { n, block: BLOCK, pad0: 0, pad1: 0 },
    inputs: [x],
    outputs: [least, most],
    units,
    unitCost: BLOCK,
  });
  least.canonical = true;
  most.canonical = true;
  return units === 1 ? { least, most } : { least: fold('min', least), most: fold('max', most) };
}

/** Scale and zero point of DynamicQuantizeLinear, for uint8. */
export function emitRange(
  node: LowerContext,
  x: Value,
  scale: Value,
  zero: Value,
): { scale: Value; zero: Value } {
  const { least, most } = emitExtrema(node, x);
  emitChain(node, scale, (c) => {
    const nought = c.scalar(0);
    const range = c.op(
      'sub_f32',
      c.op('max_f32', c.f32(most), nought),
      c.op('min_f32', c.f32(least), nought),
    );
    return c.op('div_f32', range, c.scalar(255));
  });
  // Saturated before it is rounded or after: the bounds are integers.
  emitChain(node, zero, (c) => {
    const nought = c.scalar(0);
    const quotient = c.op('div_f32', c.op('min_f32', c.f32(least), nought), c.f32(scale));
    return c.op('clamp_u8', c.op('round_i32', c.op('sub_f32', nought, quotient)));
  });
  return { scale, zero };
}
