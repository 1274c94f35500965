// Numbers that are drawn (V10): words by Philox4x32-10 from the run's seed, the node and the element, as they come or as a
// uniform u = (word >> 8) · 2^-24, in [0, 1); and Dropout while training, which is with the basic operators.
// A `seed` attribute takes the place of the run's seed, path and node: nodes with the same one draw the same numbers.
// Not here: the random operators (random.ts).
import { wordOfF32 } from '../core/bits.ts';
import { paramFields } from '../core/op.ts';
import type { Kernel, LowerContext, NodeContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { sizeOf } from '../core/shape.ts';
import philoxShader from '../../shaders/ops/philox.wgsl';
import { gridOf } from './grid.ts';
import { mapped } from './chain_builder.ts';

export const philox: Kernel = {
  name: 'philox',
  params: paramFields('n', 'step', 'offset', 'shift', 'node_low', 'node_high', 'pad1', 'pad2'),
  shader: philoxShader,
};

const UNIT = 256; // outputs a work unit, UNIT in wasm/ops/philox.c

/** Words `step · i + offset` of the node's stream, shifted right. */
export function words(
  node: LowerContext,
  dims: readonly number[],
  { step, offset, shift }: { step: number; offset: number; shift: number },
): Value {
  const out = node.temp('uint32', dims);
  const n = sizeOf(dims);
  let seed: Value;
  let own: readonly [number, number] = [0, 0];
  const given = seedOf(node);
  if (given === undefined) ({ seed, node: own } = node.randomness());
  else seed = node.constantValue('uint32', [3], given);
  node.emit(philox, {
    params: { n, step, offset, shift, node_low: own[0], node_high: own[1], pad1: 0, pad2: 0 },
    inputs: [seed],
    outputs: [out],
    units: Math.ceil(n / UNIT),
    unitCost: 40 * UNIT,
    grid: gridOf(n),
  });
  return out;
}

/** The key that a `seed` attribute makes: the bits of a float, the low words of an integer. */
function seedOf(node: NodeContext): Uint32Array | undefined {
  if (!node.has('seed')) return undefined;
  if (node.opType !== 'Dropout') return Uint32Array.of(wordOfF32(node.float('seed')), 0, 0);
  const seed = node.int('seed');
  return Uint32Array.of(seed % 2 ** 32, Math.floor(seed / 2 ** 32), 0);
}

/** u, one an element. */
export function uniforms(node: LowerContext, dims: readonly number[], step = 1, offset = 0): Value {
  const bits = words(node, dims, { step, offset, shift: 8 });
  return mapped(node, dims, (c) =>
    c.op('mul_f32', c.op('u32_to_f32', c.word(bits)), c.scalar(2 ** -24)),
  );
}

/** Emits the mask and the output of Dropout while training: x ÷ (1 - ratio) where u >= ratio, else +0. */
export function emitDropout(
  node: LowerContext,
  x: Value,
  ratio: Value,
  out: Value | undefined,
  maskTo: Value | undefined,
): void {
  const u = uniforms(node, x.dims);
  const mask = maskTo ?? node.temp('bool', x.dims);
  mapped(node, x.dims, (c) => c.op('less_equal_f32', c.f32(ratio), c.f32(u)), mask);
  if (out === undefined) return;
  const scale = mapped(node, [], (c) =>
    c.op('div_f32', c.scalar(1), c.op('sub_f32', c.scalar(1), c.f32(ratio))),
  );
  mapped(
    node,
    x.dims,
    (c) => {
      const kept = c.op('mul_f32', c.f32(x), c.f32(scale));
      return c.op('select_word', c.word(mask), kept, c.scalar(0));
    },
    out,
  );
}
