// Operators that most networks are made of, and those that the lowering of others calls (test/unit/parts.test.ts): loaded with the library.
// One line a family file, alphabetical.
import { operatorsOf } from '../operators_of.ts';
import * as activation from '../activation.ts';
import * as arithmetic from '../arithmetic.ts';
import * as batch_normalization from '../batch_normalization.ts';
import * as cast from '../cast.ts';
import * as comparison from '../comparison.ts';
import * as concat from '../concat.ts';
import * as conv from '../conv.ts';
import * as elementwise from '../elementwise.ts';
import * as elementwise_math from '../elementwise_math.ts';
import * as gather from '../gather.ts';
import * as generate from '../generate.ts';
import * as mask from '../mask.ts';
import * as mat_mul from '../mat_mul.ts';
import * as normalization from '../normalization.ts';
import * as order from '../order.ts';
import * as pad from '../pad.ts';
import * as pool from '../pool.ts';
import * as quantize from '../quantize.ts';
import * as reduce from '../reduce.ts';
import * as reshape from '../reshape.ts';
import * as slice from '../slice.ts';
import * as softmax from '../softmax.ts';
import * as transpose from '../transpose.ts';

export const operators = operatorsOf([
  activation,
  arithmetic,
  batch_normalization,
  cast,
  comparison,
  concat,
  conv,
  elementwise,
  elementwise_math,
  gather,
  generate,
  mask,
  mat_mul,
  normalization,
  order,
  pad,
  pool,
  quantize,
  reduce,
  reshape,
  slice,
  softmax,
  transpose,
]);
