// The exact integer product of two 8-bit operands (V8), on either machine: the reference's kernels are in integer_pairs.ts,
// those of WebGPU in integer_dot.ts. Promises: the same words. Nothing here scales or rounds: integer.ts and quantised.ts say
// what becomes of the sums.
import { broadcastStrides } from '../core/chain.ts';
import type { LowerContext } from '../core/op.ts';
import { broadcastShapes } from '../core/shape.ts';
import type { Value } from '../core/value.ts';
import { emitDot, isCentred, packBytes } from './integer_dot.ts';
import {
  PANEL,
  stripOf,
  type IntegerOperand,
  type Packed,
  type PackedOperand,
} from './integer_operand.ts';
import { emitPacked, pack } from './integer_pairs.ts';

/** `to[batch][m][n]`, int32 `= Σ (a − its zero point) · (b − its zero point)`, batch axes broadcast. */
export function emitIntegerProduct(
  node: LowerContext,
  to: Value,
  a: IntegerOperand,
  b: IntegerOperand,
  terms: number,
): void {
  const batch = broadcastShapes(node.opType, a.batch, b.batch);
  const sizes = { m: a.lines, n: b.lines, terms };
  const over = (packed: Packed): PackedOperand => ({
    ...packed,
    strides: broadcastStrides(packed.batch, batch).map((s) => s * packed.size),
  });
  if (node.target === 'webgpu') {
    const left = packBytes(node, a, { terms, block: stripOf(a.lines), sums: !isCentred(node, b) });
    const right = packBytes(node, b, { terms, block: PANEL, sums: true });
    emitDot(node, to, over(left), over(right), batch, sizes);
    return;
  }
  const left = pack(node, a, terms, stripOf(a.lines));
  const right = pack(node, b, terms, PANEL);
  emitPacked(node, to, over(left), over(right), batch, sizes);
}
