// TreeEnsemble (ai.onnx.ml) on float32: what a row reaches in each tree, combined by target.
import * as f from '../float.ts';
import { at, inputOf, intOf, intsOf, tensorOf, wordsOf } from '../node.ts';
import { operators as activation } from './activation.ts';
import { operators as softmax } from './softmax.ts';
import type { OracleNode, OracleOperator, OracleTensor } from '../types.ts';

function floats(node: OracleNode, name: string): number[] {
  const found = node.attributes.get(name);
  return found?.type === 'tensor' ? wordsOf(found.value) : [];
}

function bytes(node: OracleNode, name: string): number[] {
  const found = node.attributes.get(name);
  return found?.type === 'tensor' ? found.value.data.map(Number) : [];
}

function treeEnsemble(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const values = wordsOf(x);
  const list = (name: string): readonly number[] => intsOf(node, name) ?? [];
  const modes = bytes(node, 'nodes_modes');
  const splits = floats(node, 'nodes_splits');
  const members = floats(node, 'membership_values');
  const weights = floats(node, 'leaf_weights');
  // The sets of the membership tests: the k-th ends with the k-th NaN.
  const setOf = (branch: number): number[] => {
    const k = modes.slice(0, branch).filter((mode) => mode === 6).length;
    const ends = members.flatMap((word, i) => (f.isNaNWord(word) ? [i] : []));
    return members.slice(k === 0 ? 0 : at(ends, k - 1) + 1, ends[k]);
  };
  const holds = (branch: number, value: number): boolean => {
    const tracks = list('nodes_missing_value_tracks_true')[branch] === 1;
    if (f.isNaNWord(value) && tracks) return true;
    const order = f.compare(value, splits[branch] ?? f.kNaN);
    switch (at(modes, branch)) {
      case 0:
        return order === -1 || order === 0;
      case 1:
        return order === -1;
      case 2:
        return order === 1 || order === 0;
      case 3:
        return order === 1;
      case 4:
        return order === 0;
      case 5:
        return order !== 0;
      default:
        return setOf(branch).some((member) => f.compare(value, member) === 0);
    }
  };
  const leaf = (row: number, root: number): number => {
    let branch = root;
    for (;;) {
      const value = at(values, row * at(x.dims, 1) + at(list('nodes_featureids'), branch));
      const side = holds(branch, value) ? 'true' : 'false';
      const next = at(list(`nodes_${side}nodeids`), branch);
      if (at(list(`nodes_${side}leafs`), branch) === 1) return next;
      branch = next;
    }
  };
  const roots = list('tree_roots');
  const targets = intOf(node, 'n_targets', 0);
  const out: number[] = [];
  for (let row = 0; row < at(x.dims, 0); row += 1) {
    const reached = roots.map((root) => leaf(row, root));
    for (let target = 0; target < targets; target += 1) {
      const own = reached
        .filter((i) => at(list('leaf_targetids'), i) === target)
        .map((i) => f.read(at(weights, i)));
      const aggregate = intOf(node, 'aggregate_function', 1);
      if (aggregate === 1) out.push(f.sumTree(own));
      else if (aggregate === 0) {
        out.push(f.divide(f.sumTree(own), f.wordOfInteger(BigInt(roots.length))));
      } else if (own.length === 0) out.push(f.kZero);
      else out.push(own.reduce(aggregate === 2 ? f.minimum : f.maximum));
    }
  }
  const scores = tensorOf('float32', [at(x.dims, 0), targets], out);
  const transform = intOf(node, 'post_transform', 0);
  if (transform === 0) return [scores];
  const operator = transform === 1 ? softmax['Softmax'] : activation['Sigmoid'];
  const attributes = new Map([['axis', { type: 'int', value: 1 } as const]]);
  return [...(operator?.({ ...node, opset: 21, attributes, inputs: [scores] }) ?? [])];
}

export const operators: Readonly<Record<string, OracleOperator>> = {
  'ai.onnx.ml:TreeEnsemble': treeEnsemble,
};
