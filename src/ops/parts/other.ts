// What few networks have: sums by formula, random numbers, losses, optimisers, the linear models of ai.onnx.ml.
// One line a family file, alphabetical.
import { operatorsOf } from '../operators_of.ts';
import * as einsum from '../einsum.ts';
import * as loss from '../loss.ts';
import * as ml from '../ml.ts';
import * as random from '../random.ts';
import * as training from '../training.ts';

export const operators = operatorsOf([einsum, loss, ml, random, training]);
