// ai.onnx.ml: tables of labels, columns, trees. Keys with NaN and −0, ties, missing values, sums of more than 64 trees.
import type { Data } from '../../src/core/data.ts';
import { Tensor } from '../../src/core/tensor.ts';
import type { CaseGroup } from '../harness/cases.ts';
import {
  f32,
  hostCase,
  i64,
  strings,
  type HostCase,
  type HostSpec,
} from '../harness/host_cases.ts';
import { floats } from '../harness/prng.ts';

type Attributes = NonNullable<HostSpec['attributes']>;

const one = (
  id: string,
  group: CaseGroup,
  opType: string,
  spec: Omit<HostSpec, 'opType'>,
  expected?: readonly Data[],
  same?: string,
): HostCase =>
  hostCase(
    `labels/${opType} ${id}`,
    group,
    { opType, domain: 'ai.onnx.ml', ...spec },
    expected,
    same,
  );

const names = { strings: ['a', 'b', 'a'] };
const tables: HostCase[] = [
  one(
    'strings to numbers',
    'defined',
    'LabelEncoder',
    {
      inputs: [strings([4], 'b', 'a', 'x', '')],
      attributes: { keys_strings: names, values_int64s: [7, 8, 9], default_int64: 42 },
    },
    [i64([4], 8, 7, 42, 42)],
  ),
  one(
    'numbers to strings',
    'defined',
    'LabelEncoder',
    {
      inputs: [i64([1, 2], 2, 3)],
      attributes: { keys_int64s: [2, 5], values_strings: { strings: ['two', 'five'] } },
    },
    [strings([1, 2], 'two', '_Unused')],
  ),
  one(
    'special keys',
    'edges',
    'LabelEncoder',
    {
      inputs: [f32([5], NaN, -0, 1e-40, Infinity, 3)],
      attributes: {
        keys_floats: { floats: [0, NaN, Infinity] },
        values_floats: { floats: [1, NaN, -0] },
      },
    },
    [f32([5], NaN, 1, 1, -0, -0)],
  ),
  one(
    'tensors',
    'edges',
    'LabelEncoder',
    {
      inputs: [strings([2], 'b', 'c')],
      attributes: {
        keys_tensor: strings([2], 'a', 'b'),
        values_tensor: new Tensor('int16', [3, -4], [2]),
        default_tensor: new Tensor('int16', [99], [1]),
      },
    },
    [new Tensor('int16', [-4, 99], [2])],
  ),
  one(
    'opset 1',
    'edges',
    'LabelEncoder',
    {
      opset: 1,
      inputs: [strings([2], 'b', 'z')],
      attributes: { classes_strings: { strings: ['a', 'b'] } },
    },
    [i64([2], 1, -1)],
  ),
  one(
    'both ways',
    'defined',
    'CategoryMapper',
    {
      inputs: [i64([2], 9, 1)],
      attributes: { cats_int64s: [8, 9], cats_strings: { strings: ['x', 'y'] } },
    },
    [strings([2], 'y', '_Unused')],
  ),
  one(
    'strings',
    'edges',
    'CategoryMapper',
    {
      inputs: [strings([2], 'y', '')],
      attributes: { cats_int64s: [8, 9], cats_strings: { strings: ['x', 'y'] } },
    },
    [i64([2], 9, -1)],
  ),
  one(
    'columns',
    'defined',
    'ArrayFeatureExtractor',
    { inputs: [f32([2, 3], 1, 2, 3, 4, 5, NaN), i64([2], 2, 0)] },
    [f32([2, 2], 3, 1, NaN, 4)],
  ),
  one(
    'of one row',
    'edges',
    'ArrayFeatureExtractor',
    { inputs: [strings([2], 'a', 'b'), i64([1, 3], 1, 1, 0)] },
    [strings([1, 3], 'b', 'b', 'a')],
  ),
  one(
    'strings',
    'defined',
    'OneHotEncoder',
    {
      inputs: [strings([1, 2], 'b', 'z')],
      attributes: { cats_strings: { strings: ['a', 'b'] } },
    },
    [f32([1, 2, 2], 0, 1, 0, 0)],
  ),
  one(
    'NaN and halves are none',
    'edges',
    'OneHotEncoder',
    {
      inputs: [f32([4], NaN, 0.5, 1, -0)],
      attributes: { cats_int64s: [0, 1] },
    },
    [f32([4, 2], 0, 0, 0, 0, 0, 1, 1, 0)],
  ),
  one(
    'NaN',
    'defined',
    'Imputer',
    {
      inputs: [f32([2, 2], NaN, 2, 3, NaN)],
      attributes: {
        imputed_value_floats: { floats: [-1, -2] },
        replaced_value_float: { float: NaN },
      },
    },
    [f32([2, 2], -1, 2, 3, -2)],
  ),
  one(
    'zeros of both signs',
    'edges',
    'Imputer',
    {
      inputs: [f32([3], -0, 0, 1)],
      attributes: { imputed_value_floats: { floats: [5] } },
    },
    [f32([3], 5, 5, 1)],
  ),
  one(
    'integers',
    'edges',
    'Imputer',
    {
      inputs: [i64([2], 7, 8)],
      attributes: { imputed_value_int64s: [0], replaced_value_int64: 8 },
    },
    [i64([2], 7, 0)],
  ),
];

/** Two trees: x0 < 1 ? −1 : (x1 ≤ 2 ? 3 : 4); x1 in {2, 5} ? 10 : 20. */
const forest = (aggregate: number, extra: Attributes = {}) => ({
  aggregate_function: aggregate,
  leaf_targetids: [0, 0, 0, 0, 1],
  leaf_weights: f32([5], -1, 3, 4, 10, 20),
  membership_values: f32([3], 2, 5, NaN),
  n_targets: 2,
  nodes_falseleafs: [0, 1, 1],
  nodes_falsenodeids: [1, 2, 4],
  nodes_featureids: [0, 1, 1],
  nodes_modes: new Tensor('uint8', [1, 0, 6], [3]),
  nodes_splits: f32([3], 1, 2, NaN),
  nodes_trueleafs: [1, 1, 1],
  nodes_truenodeids: [0, 1, 3],
  tree_roots: [0, 2],
  ...extra,
});
const rows = f32([4, 2], 0, 2, 1, 2, 5, 2.5, NaN, NaN);
const stump = (count: number): Attributes => {
  const each = (value: number): number[] => Array.from({ length: count }, () => value);
  const own = (at: number): number[] => Array.from({ length: count }, (_, i) => 2 * i + at);
  return {
    leaf_targetids: [...each(0), ...each(0)],
    leaf_weights: new Tensor('float32', floats(count, 2 * count), [2 * count]),
    n_targets: 1,
    nodes_falseleafs: each(1),
    nodes_falsenodeids: own(0),
    nodes_featureids: each(0),
    nodes_modes: new Tensor('uint8', each(0), [count]),
    nodes_splits: new Tensor('float32', floats(count + 1, count), [count]),
    nodes_trueleafs: each(1),
    nodes_truenodeids: own(1),
    tree_roots: Array.from({ length: count }, (_, i) => i),
  };
};
const regressor: Attributes = {
  n_targets: 1,
  nodes_falsenodeids: [2, 0, 0],
  nodes_featureids: [1, 0, 0],
  nodes_modes: { strings: ['BRANCH_LEQ', 'LEAF', 'LEAF'] },
  nodes_nodeids: [0, 1, 2],
  nodes_treeids: [0, 0, 0],
  nodes_truenodeids: [1, 0, 0],
  nodes_values: { floats: [2, 0, 0] },
  target_ids: [0, 0],
  target_nodeids: [1, 2],
  target_treeids: [0, 0],
  target_weights: { floats: [0.5, -0.25] },
};
const trees: HostCase[] = [
  one('sum', 'defined', 'TreeEnsemble', { inputs: [rows], attributes: forest(1) }, [
    f32([4, 2], 9, 0, 13, 0, 4, 20, 4, 20),
  ]),
  one('average', 'defined', 'TreeEnsemble', { inputs: [rows], attributes: forest(0) }, [
    f32([4, 2], 4.5, 0, 6.5, 0, 2, 10, 2, 10),
  ]),
  one('least', 'defined', 'TreeEnsemble', { inputs: [rows], attributes: forest(2) }, [
    f32([4, 2], -1, 0, 3, 0, 4, 20, 4, 20),
  ]),
  one('greatest', 'defined', 'TreeEnsemble', { inputs: [rows], attributes: forest(3) }, [
    f32([4, 2], 10, 0, 10, 0, 4, 20, 4, 20),
  ]),
  one(
    'missing values go the true way',
    'edges',
    'TreeEnsemble',
    {
      inputs: [rows],
      attributes: forest(1, { nodes_missing_value_tracks_true: [1, 0, 0] }),
    },
    [f32([4, 2], 9, 0, 13, 0, 4, 20, -1, 20)],
  ),
  one('no rows', 'edges', 'TreeEnsemble', { inputs: [f32([0, 2])], attributes: forest(1) }, [
    f32([0, 2]),
  ]),
  one('logistic', 'edges', 'TreeEnsemble', {
    inputs: [rows],
    attributes: forest(1, { post_transform: 2 }),
  }),
  one('softmax', 'edges', 'TreeEnsemble', {
    inputs: [rows],
    attributes: forest(1, { post_transform: 1 }),
  }),
  one(
    'float64',
    'edges',
    'TreeEnsemble',
    {
      inputs: [new Tensor('float64', [1.2, 3.4, -0.12, 1.66, 4.14, 1.77], [3, 2])],
      attributes: {
        leaf_targetids: [0, 1, 0, 1],
        leaf_weights: new Tensor('float64', [5.23, 12.12, -12.23, 7.21], [4]),
        n_targets: 2,
        nodes_falseleafs: [0, 1, 1],
        nodes_falsenodeids: [2, 2, 3],
        nodes_featureids: [0, 0, 0],
        nodes_modes: new Tensor('uint8', [0, 0, 0], [3]),
        nodes_splits: new Tensor('float64', [3.14, 1.2, 4.2], [3]),
        nodes_trueleafs: [0, 1, 1],
        nodes_truenodeids: [1, 0, 1],
        tree_roots: [0],
      },
    },
    [new Tensor('float64', [5.23, 0, 5.23, 0, 0, 12.12], [3, 2])],
  ),
  ...[5, 64, 130].map((count) =>
    one(`trees=${count}`, 'random', 'TreeEnsemble', {
      inputs: [new Tensor('float32', floats(count + 2, 7), [7, 1])],
      attributes: stump(count),
    }),
  ),
  one(
    'a row',
    'invariance',
    'TreeEnsemble',
    { inputs: [f32([1, 1], 0.5)], attributes: stump(70) },
    undefined,
    'tree',
  ),
  one(
    'its like in a wider table',
    'invariance',
    'TreeEnsemble',
    { inputs: [f32([1, 2], 0.5, NaN)], attributes: stump(70) },
    undefined,
    'tree',
  ),
  one('sum', 'defined', 'TreeEnsembleRegressor', { inputs: [rows], attributes: regressor }, [
    f32([4, 1], 0.5, 0.5, -0.25, -0.25),
  ]),
  one(
    'with a base',
    'edges',
    'TreeEnsembleRegressor',
    {
      inputs: [rows],
      attributes: { ...regressor, base_values: { floats: [1] }, aggregate_function: 'AVERAGE' },
    },
    [f32([4, 1], 1.5, 1.5, 0.75, 0.75)],
  ),
];

export const cases: readonly HostCase[] = [...tables, ...trees];
