// Control flow, sequences and optionals, and shapes that depend on contents.
// One line a family file, alphabetical.
import { hostOperatorsOf } from '../operators_of.ts';
import * as control_flow from '../control_flow.ts';
import * as data_dependent from '../data_dependent.ts';
import * as flex_attention from '../flex_attention.ts';
import * as non_max_suppression from '../non_max_suppression.ts';
import * as optional from '../optional.ts';
import * as sequence from '../sequence.ts';

export const operators = hostOperatorsOf([
  control_flow,
  data_dependent,
  flex_attention,
  non_max_suppression,
  optional,
  sequence,
]);
