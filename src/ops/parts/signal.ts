// Recurrent layers, spectra and windows.
// One line a family file, alphabetical.
import { operatorsOf } from '../operators_of.ts';
import * as fourier from '../fourier.ts';
import * as recurrent from '../recurrent.ts';
import * as window_functions from '../window_functions.ts';

export const operators = operatorsOf([fourier, recurrent, window_functions]);
