// The operators of the host: one line a family file, alphabetical. An operator is every export that is a HostOp, or one of a
// list of such.
import type { HostOp } from '../core/host_op.ts';
import * as control_flow from './control_flow.ts';
import * as data_dependent from './data_dependent.ts';
import * as flex_attention from './flex_attention.ts';
import * as image_decoder from './image_decoder.ts';
import * as labels from './labels.ts';
import * as non_max_suppression from './non_max_suppression.ts';
import * as optional from './optional.ts';
import * as sequence from './sequence.ts';
import * as string_cast from './string_cast.ts';
import * as string_movement from './string_movement.ts';
import * as string_operators from './string_operators.ts';
import * as tf_idf from './tf_idf.ts';
import * as tree_ensemble from './tree_ensemble.ts';

const FAMILIES: readonly Readonly<Record<string, unknown>>[] = [
  control_flow,
  data_dependent,
  flex_attention,
  image_decoder,
  labels,
  non_max_suppression,
  optional,
  sequence,
  string_cast,
  string_movement,
  string_operators,
  tf_idf,
  tree_ensemble,
];

function isHostOp(value: unknown): value is HostOp {
  return typeof value === 'object' && value !== null && 'run' in value && 'types' in value;
}

/** Every operator of the host. */
export const hostOperators: readonly HostOp[] = FAMILIES.flatMap((family) =>
  Object.values(family).flat().filter(isHostOp),
);
