// The range of a float32 tensor and what quantises it to uint8, for DynamicQuantizeLinear and products that quantise their
// operand: least and greatest element with 0, scale = range / 255, zero point = saturate(round(−least / scale)) (V2, V8).
// Both elements are found in one pass over blocks; they are exact, so the blocks move no bit. WebGPU has a kernel for what
// follows from them, and one for the bytes. Not here: other types, and scales that are given (quantise.ts).
import { paramFields, type Kernel, type LowerContext } from '../core/op.ts';
import { sizeOf } from '../core/shape.ts';
import type { Value } from '../core/value.ts';
import { emitChain } from './chain_builder.ts';
import extremaShader from '../../shaders/ops/extrema.wgsl';
import quantiseShader from '../../shaders/ops/quantise.wgsl';
import rangeShader from '../../shaders/ops/quantise_range.wgsl';
import { gridOf } from './grid.ts';
import { emitQuantised } from './quantise.ts';
import { emitReduce } from './reduction.ts';

export const extrema: Kernel = {
  name: 'extrema',
  params: paramFields('n', 'block', 'pad0', 'pad1'),
  shader: extremaShader,
};

export const quantiseRange: Kernel = {
  name: 'quantise_range',
  params: paramFields('n', 'pad0', 'pad1', 'pad2'),
  shader: rangeShader,
};

export const quantise: Kernel = {
  name: 'quantise',
  params: paramFields('n', 'pad0', 'pad1', 'pad2'),
  shader: quantiseShader,
  anyIntegers: true,
};

// Elements a unit: on the reference as many as the first-level cache holds, for they have just been written, or will be
// read; on WebGPU those of a workgroup, so many that few blocks are left.
const BLOCK = { wasm: 8192, webgpu: 4096 };
// Of quantise, as wasm/ops/quantise.c and shaders/ops/quantise.wgsl have them.
const QUANTISE_BLOCK = 1024;
const ELEMENTS_AN_INVOCATION = 16;

/** The least and the greatest element of each block. */
function emitBlocks(node: LowerContext, x: Value): { least: Value; most: Value } {
  const n = sizeOf(x.dims);
  const block = BLOCK[node.target];
  const units = Math.ceil(n / block);
  const dims = units === 1 ? [] : [units];
  const [least, most] = [node.temp('float32', dims), node.temp('float32', dims)];
  node.emit(extrema, {
    params: { n, block, pad0: 0, pad1: 0 },
    inputs: [x],
    outputs: [least, most],
    units,
    unitCost: block,
    grid: gridOf(units, 1),
  });
  least.canonical = true;
  most.canonical = true;
  return { least, most };
}

/** The least and the greatest element of x, each as a scalar. */
function emitExtrema(node: LowerContext, x: Value): { least: Value; most: Value } {
  const fold = (op: 'min' | 'max', of: Value): Value => {
    const to = node.temp('float32', []);
    const axes = of.dims.map((_, axis) => axis);
    emitReduce(node, op, to, of, axes);
    return to;
  };
  if (sizeOf(x.dims) === 0) return { least: fold('min', x), most: fold('max', x) };
  const { least, most } = emitBlocks(node, x);
  return least.dims.length === 0
    ? { least, most }
    : { least: fold('min', least), most: fold('max', most) };
}

/** Scale and zero point of DynamicQuantizeLinear, for uint8. */
export function emitRange(
  node: LowerContext,
  x: Value,
  scale: Value,
  zero: Value,
): { scale: Value; zero: Value } {
  const n = sizeOf(x.dims);
  if (node.target === 'webgpu' && n > 0) {
    // One workgroup folds a small tensor itself.
    const { least, most } = n > BLOCK.webgpu ? emitBlocks(node, x) : { least: x, most: x };
    const count = sizeOf(least.dims);
    node.emit(quantiseRange, {
      params: { n: count, pad0: 0, pad1: 0, pad2: 0 },
      inputs: [least, most],
      outputs: [scale, zero],
      unitCost: count,
    });
    scale.canonical = true;
    return { scale, zero };
  }
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

/** Emits `out`, uint8, = saturate(round(x ÷ scale) + zero), with a scale and a zero point of emitRange. */
export function emitBytes(
  node: LowerContext,
  out: Value,
  x: Value,
  { scale, zero }: { scale: Value; zero: Value },
): void {
  const n = sizeOf(x.dims);
  if (node.target === 'wasm' || n === 0) {
    emitQuantised(node, out, (c) => c.f32(x), scale, zero);
    return;
  }
  node.emit(quantise, {
    params: { n, pad0: 0, pad1: 0, pad2: 0 },
    inputs: [x, scale, zero],
    outputs: [out],
    units: Math.ceil(n / QUANTISE_BLOCK),
    unitCost: 4 * QUANTISE_BLOCK,
    grid: gridOf(Math.ceil(n / ELEMENTS_AN_INVOCATION)),
  });
}
