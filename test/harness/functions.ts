// The functions of one f32 as the library runs them: names, and the element-wise dispatch of one. The names are the chain
// steps, so a new function is in every list by being one. Not here: expected results.
import { CHAIN_OPS, type ChainOpName, type ChainProgram } from '../../src/core/chain.ts';
import type { Dispatch } from '../../src/core/op.ts';
import type { Value } from '../../src/core/value.ts';
import { elementwise } from '../../src/ops/chain_builder.ts';

const BLOCK = 256; // CHAIN_BLOCK of wasm/chain.h: elements a unit

/** Every chain step from one f32 to an f32. */
export function functionNames(): string[] {
  return Object.entries(CHAIN_OPS)
    .filter(([, op]) => op.arity === 1 && op.reads === 'f32' && op.gives === 'f32')
    .map(([name]) => name.replace(/_f32$/, ''));
}

/** The element-wise dispatch of one function on n words an operand: values 0 and up are the operands, the last the result. */
export function dispatchOf(name: string, n: number, operands = 1): Dispatch {
  const value = (id: number): Value => ({
    id,
    dtype: 'float32',
    dims: [n],
    name: '',
    canonical: false,
  });
  const each = Array.from({ length: operands }, (_, i) => i);
  const chain: ChainProgram = {
    dims: [n],
    loads: each.map((i) => ({ value: value(i), strides: [1] })),
    steps: [
      ...each.map((i) => ({ op: 'load_word' as const, args: [i] })),
      ...each.map((i) => ({ op: 'canonical' as const, args: [i] })),
      { op: `${name}_f32` as ChainOpName, args: each.map((i) => operands + i) },
    ],
  };
  return {
    kernel: elementwise,
    params: new Uint32Array([n, 0, 0, 0]),
    inputs: [],
    outputs: [value(operands)],
    units: Math.ceil(n / BLOCK),
    unitCost: 1,
    scratch: 0,
    grid: [1, 1, 1],
    constants: {},
    chain,
  };
}
