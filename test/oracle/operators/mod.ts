// Mod of integers (V8).
import { remainder, wrapped } from '../integer.ts';
import { broadcastAt, tensorBy } from '../layout.ts';
import { broadcastDims, inputOf, intOf } from '../node.ts';
import type { OracleNode, OracleOperator, OracleTensor } from '../types.ts';

function mod(node: OracleNode): OracleTensor[] {
  const [a, b] = [inputOf(node, 0), inputOf(node, 1)];
  const fmod = intOf(node, 'fmod', 0) !== 0;
  return [
    tensorBy(a.dtype, broadcastDims([a.dims, b.dims]), (index) =>
      wrapped(
        a.dtype,
        remainder(BigInt(broadcastAt(a, index)), BigInt(broadcastAt(b, index)), fmod),
      ),
    ),
  ];
}

export const operators: Readonly<Record<string, OracleOperator>> = { Mod: mod };
