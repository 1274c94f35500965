// The operators of a part: every export of its family files that is a HostOp, or one of a list of such.
import type { HostOp } from '../core/host_op.ts';

function isHostOp(value: unknown): value is HostOp {
  return typeof value === 'object' && value !== null && 'run' in value && 'types' in value;
}

export const hostOperatorsOf = (
  families: readonly Readonly<Record<string, unknown>>[],
): readonly HostOp[] => families.flatMap((family) => Object.values(family).flat().filter(isHostOp));
