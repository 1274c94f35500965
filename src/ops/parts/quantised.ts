// Integer products, and operators on weights of few bits.
// One line a family file, alphabetical.
import { operatorsOf } from '../operators_of.ts';
import * as gather_blocks from '../gather_blocks.ts';
import * as integer from '../integer.ts';
import * as integer_float from '../integer_float.ts';
import * as n_bits from '../n_bits.ts';
import * as qlinear from '../qlinear.ts';

export const operators = operatorsOf([gather_blocks, integer, integer_float, n_bits, qlinear]);
