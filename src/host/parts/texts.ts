// Strings, labels and counts of words.
// One line a family file, alphabetical.
import { hostOperatorsOf } from '../operators_of.ts';
import * as labels from '../labels.ts';
import * as string_cast from '../string_cast.ts';
import * as string_movement from '../string_movement.ts';
import * as string_operators from '../string_operators.ts';
import * as tf_idf from '../tf_idf.ts';

export const operators = hostOperatorsOf([
  labels,
  string_cast,
  string_movement,
  string_operators,
  tf_idf,
]);
