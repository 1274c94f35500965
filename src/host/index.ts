// The operators of the host: one line a family file, alphabetical. An operator is every export that is a HostOp.
import type { HostOp } from '../core/host_op.ts';
import * as control_flow from './control_flow.ts';
import * as flex_attention from './flex_attention.ts';

const FAMILIES: readonly Readonly<Record<string, unknown>>[] = [control_flow, flex_attention];

function isHostOp(value: unknown): value is HostOp {
  return typeof value === 'object' && value !== null && 'run' in value && 'types' in value;
}

/** Every operator of the host. */
export const hostOperators: readonly HostOp[] = FAMILIES.flatMap((family) =>
  Object.values(family).filter(isHostOp),
);
