// Ensembles of trees.
// One line a family file, alphabetical.
import { hostOperatorsOf } from '../operators_of.ts';
import * as tree_ensemble from '../tree_ensemble.ts';

export const operators = hostOperatorsOf([tree_ensemble]);
