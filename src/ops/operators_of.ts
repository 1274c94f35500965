// The operators of a part: every export of its family files that is an OpDef, with its form for 16-bit floats.
import type { OpDef } from '../core/op.ts';
import { withFloat16 } from './float16.ts';

function isOpDef(value: unknown): value is OpDef {
  return typeof value === 'object' && value !== null && 'lower' in value && 'infer' in value;
}

export const operatorsOf = (
  families: readonly Readonly<Record<string, unknown>>[],
): readonly OpDef[] =>
  families.flatMap((family) => Object.values(family).filter(isOpDef).map(withFloat16));
