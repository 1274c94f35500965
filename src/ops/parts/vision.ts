// Resampling, regions, blocks of pixels, scattering and transposed convolutions.
// One line a family file, alphabetical.
import { operatorsOf } from '../operators_of.ts';
import * as blocks from '../blocks.ts';
import * as conv_transpose from '../conv_transpose.ts';
import * as grid_sample from '../grid_sample.ts';
import * as regions from '../regions.ts';
import * as resize from '../resize.ts';
import * as scatter from '../scatter.ts';

export const operators = operatorsOf([
  blocks,
  conv_transpose,
  grid_sample,
  regions,
  resize,
  scatter,
]);
