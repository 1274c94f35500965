// Decoding of image files.
// One line a family file, alphabetical.
import { hostOperatorsOf } from '../operators_of.ts';
import * as image_decoder from '../image_decoder.ts';

export const operators = hostOperatorsOf([image_decoder]);
