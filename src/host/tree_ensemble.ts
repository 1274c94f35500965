// TreeEnsemble and TreeEnsembleRegressor (ai.onnx.ml): decision trees. Tests compare canonical values; the leaves that a row
// reaches are combined by target, sums as V4 trees over the trees in their order. float32 by V2; float64 by IEEE-754 with
// one NaN and one zero.
import type { HostContext, HostOp, HostTypeContext } from '../core/host_op.ts';
import { formatShape } from '../core/shape.ts';
import { Tensor } from '../core/tensor.ts';
import * as f32 from './f32.ts';
import { sumOf } from './f32.ts';

const NEWEST_ML = 5;

/** Tests by number, as TreeEnsemble has them; the older operators name them. */
const MODES = [
  'BRANCH_LEQ',
  'BRANCH_LT',
  'BRANCH_GTE',
  'BRANCH_GT',
  'BRANCH_EQ',
  'BRANCH_NEQ',
  'BRANCH_MEMBER',
];
const AGGREGATES = ['AVERAGE', 'SUM', 'MIN', 'MAX'];

interface Leaf {
  readonly targets: readonly { readonly target: number; readonly weight: number }[];
}

interface Branch {
  readonly feature: number;
  readonly mode: number;
  readonly split: number;
  readonly members: ReadonlySet<number>;
  /** Where a NaN goes: to the true side, or where the test says. */
  readonly isMissingTrue: boolean;
  readonly yes: number;
  readonly no: number;
}

interface Forest {
  readonly nodes: readonly (Leaf | Branch)[];
  readonly roots: readonly number[];
  readonly targets: number;
  readonly aggregate: number;
  readonly base: readonly number[];
}

interface Arithmetic {
  canonical(x: number): number;
  sum(terms: readonly number[]): number;
  add(x: number, y: number): number;
  divide(x: number, y: number): number;
}

const single: Arithmetic = f32;
/** One zero; NaN is NaN. */
const plain = (x: number): number => (x === 0 ? 0 : x);
const double: Arithmetic = {
  canonical: plain,
  sum: (terms) => plain(sumOf(terms.map(plain), (x) => x)),
  add: (x, y) => plain(x + y),
  divide: (x, y) => plain(x / y),
};

function goesTrue(branch: Branch, x: number): boolean {
  if (Number.isNaN(x) && branch.isMissingTrue) return true;
  switch (branch.mode) {
    case 0:
      return x <= branch.split;
    case 1:
      return x < branch.split;
    case 2:
      return x >= branch.split;
    case 3:
      return x > branch.split;
    case 4:
      return x === branch.split;
    case 5:
      return x !== branch.split;
    default:
      return branch.members.has(x);
  }
}

function leafOf({ nodes }: Forest, root: number, row: readonly number[]): Leaf {
  let at = root;
  for (let steps = 0; steps <= nodes.length; steps += 1) {
    const node = nodes[at];
    if (node === undefined) throw new RangeError(`TreeEnsemble: there is no node ${at}.`);
    if ('targets' in node) return node;
    at = goesTrue(node, row[node.feature] ?? NaN) ? node.yes : node.no;
  }
  throw new RangeError('TreeEnsemble: expected trees, got a node below itself.');
}

function combine(
  forest: Forest,
  weights: readonly number[],
  target: number,
  by: Arithmetic,
): number {
  const base = forest.base[target];
  const values = weights.map((x) => by.canonical(x));
  let result: number;
  if (forest.aggregate < 2) {
    result = by.sum(values);
    if (forest.aggregate === 0) result = by.divide(result, forest.roots.length);
  } else if (values.length === 0) result = 0;
  else result = forest.aggregate === 2 ? Math.min(...values) : Math.max(...values);
  return base === undefined ? by.canonical(result) : by.add(result, base);
}

function evaluate(node: HostContext, forest: Forest): Tensor[] | Promise<Tensor[]> {
  const tensor = node.tensorAt(0);
  const { dims } = tensor;
  if (dims.length !== 2) {
    throw new RangeError(`${node.opType}: expected [N, F], got ${formatShape(dims)}.`);
  }
  const [rows = 0, features = 0] = dims;
  const by = tensor.dtype === 'float64' ? double : single;
  const values = tensor.numbers().map((x) => by.canonical(x));
  const out: number[] = [];
  for (let row = 0; row < rows; row += 1) {
    const own = values.slice(row * features, (row + 1) * features);
    const weights: number[][] = Array.from({ length: forest.targets }, () => []);
    for (const root of forest.roots) {
      for (const { target, weight } of leafOf(forest, root, own).targets) {
        weights[target]?.push(weight);
      }
    }
    weights.forEach((list, target) => out.push(combine(forest, list, target, by)));
  }
  const dtype =
    tensor.dtype === 'float64' && node.opType === 'TreeEnsemble' ? 'float64' : 'float32';
  const scores = new Tensor(dtype, out, [rows, forest.targets]);
  switch (transformOf(node)) {
    case 'LOGISTIC':
      return node.call('Sigmoid', [scores]);
    case 'SOFTMAX':
      return node.call('Softmax', [scores], { attributes: { axis: 1 } });
    default:
      return [scores];
  }
}

/** NONE, LOGISTIC or SOFTMAX. */
function transformOf(node: HostTypeContext): string {
  const names = ['NONE', 'SOFTMAX', 'LOGISTIC', 'SOFTMAX_ZERO', 'PROBIT'];
  const isNumber = node.opType === 'TreeEnsemble';
  const given = isNumber
    ? (names[node.int('post_transform', 0)] ?? String(node.int('post_transform')))
    : node.string('post_transform', 'NONE');
  if (['NONE', 'SOFTMAX', 'LOGISTIC'].includes(given)) return given;
  throw new TypeError(
    `${node.opType}: post_transform: expected NONE, SOFTMAX or LOGISTIC, got ${given}.`,
  );
}

function floatsAt(node: HostTypeContext, attribute: string): number[] {
  const tensor = node.tensorAttribute(attribute);
  if (tensor === undefined) return [];
  if (tensor.dtype === node.dtypeOf(0)) return tensor.numbers();
  throw new TypeError(
    `${node.opType}: attribute ${attribute}: expected ${node.dtypeOf(0) ?? '?'}, got ${tensor.dtype}.`,
  );
}

/** The sets of the MEMBER tests, one after the other, a NaN behind each. */
function setsOf(values: readonly number[]): Set<number>[] {
  const sets: Set<number>[] = [];
  let open = new Set<number>();
  for (const x of values) {
    if (Number.isNaN(x)) {
      sets.push(open);
      open = new Set();
    } else open.add(plain(x));
  }
  return open.size > 0 ? [...sets, open] : sets;
}

function forestOf(node: HostTypeContext): Forest {
  const by = node.dtypeOf(0) === 'float64' ? double : single;
  const features = node.ints('nodes_featureids');
  const modes = (node.tensorAttribute('nodes_modes')?.numbers() ?? []).map(Number);
  const splits = floatsAt(node, 'nodes_splits');
  const tracks = node.ints('nodes_missing_value_tracks_true', []);
  const leafTargets = node.ints('leaf_targetids');
  const leafWeights = floatsAt(node, 'leaf_weights');
  const sets = setsOf(floatsAt(node, 'membership_values').map((x) => by.canonical(x)));
  // Leaves stand behind the branches.
  const side = (ids: readonly number[], leafs: readonly number[], i: number): number =>
    (ids[i] ?? -1) + (leafs[i] === 1 ? features.length : 0);
  const [yes, no] = [node.ints('nodes_truenodeids'), node.ints('nodes_falsenodeids')];
  const [yesLeafs, noLeafs] = [node.ints('nodes_trueleafs'), node.ints('nodes_falseleafs')];
  let set = 0;
  const branches = features.map((feature, i): Branch => {
    const mode = modes[i] ?? -1;
    if (MODES[mode] === undefined) {
      throw new RangeError(`TreeEnsemble: nodes_modes: expected 0..6, got ${mode}.`);
    }
    const members = (mode === 6 ? sets[set++] : undefined) ?? new Set<number>();
    return {
      ...{ feature, mode, members, split: by.canonical(splits[i] ?? NaN) },
      isMissingTrue: tracks[i] === 1,
      yes: side(yes, yesLeafs, i),
      no: side(no, noLeafs, i),
    };
  });
  const leaves = leafTargets.map((target, i): Leaf => {
    return { targets: [{ target, weight: leafWeights[i] ?? 0 }] };
  });
  const aggregate = node.int('aggregate_function', 1);
  if (AGGREGATES[aggregate] === undefined) {
    throw new RangeError(`TreeEnsemble: aggregate_function: expected 0..3, got ${aggregate}.`);
  }
  return {
    nodes: [...branches, ...leaves],
    roots: node.ints('tree_roots'),
    targets: node.int('n_targets'),
    aggregate,
    base: [],
  };
}

export const TreeEnsemble: HostOp = {
  type: 'TreeEnsemble',
  domain: 'ai.onnx.ml',
  opsets: [5, NEWEST_ML],
  inputs: [1, 1],
  attributes: {
    aggregate_function: { kind: 'int' },
    leaf_targetids: { kind: 'ints' },
    leaf_weights: { kind: 'tensor' },
    membership_values: { kind: 'tensor' },
    n_targets: { kind: 'int' },
    nodes_falseleafs: { kind: 'ints' },
    nodes_falsenodeids: { kind: 'ints' },
    nodes_featureids: { kind: 'ints' },
    nodes_hitrates: { kind: 'tensor' },
    nodes_missing_value_tracks_true: { kind: 'ints' },
    nodes_modes: { kind: 'tensor' },
    nodes_splits: { kind: 'tensor' },
    nodes_trueleafs: { kind: 'ints' },
    nodes_truenodeids: { kind: 'ints' },
    post_transform: { kind: 'int' },
    tree_roots: { kind: 'ints' },
  },
  types(node) {
    const dtype = node.dtypeOf(0);
    if (dtype !== 'float32' && dtype !== 'float64') {
      throw new TypeError(`TreeEnsemble: expected float32 or float64, got ${dtype ?? '?'}.`);
    }
    transformOf(node);
    forestOf(node);
    return [{ kind: 'tensor', dtype }];
  },
  run: (node) => evaluate(node, forestOf(node)),
};

function regressorForest(node: HostTypeContext): Forest {
  const trees = node.ints('nodes_treeids');
  const ids = node.ints('nodes_nodeids');
  const key = (tree: number | undefined, id: number | undefined): string => `${tree} ${id}`;
  const places = new Map(trees.map((tree, i) => [key(tree, ids[i]), i]));
  const [yes, no] = [node.ints('nodes_truenodeids'), node.ints('nodes_falsenodeids')];
  const [features, splits] = [node.ints('nodes_featureids'), node.floats('nodes_values')];
  const modes = node.strings('nodes_modes');
  const tracks = node.ints('nodes_missing_value_tracks_true', []);
  const leaves = new Map<string, { target: number; weight: number }[]>();
  const [leafIds, targets] = [node.ints('target_nodeids'), node.ints('target_ids')];
  const weights = node.floats('target_weights');
  node.ints('target_treeids').forEach((tree, i) => {
    const list = leaves.get(key(tree, leafIds[i])) ?? [];
    leaves.set(key(tree, leafIds[i]), list);
    list.push({ target: targets[i] ?? 0, weight: weights[i] ?? 0 });
  });
  const children = new Set<number>();
  const child = (tree: number, id: number | undefined): number => {
    const place = places.get(key(tree, id)) ?? -1;
    children.add(place);
    return place;
  };
  const nodes = trees.map((tree, i): Leaf | Branch => {
    if (modes[i] === 'LEAF') return { targets: leaves.get(key(tree, ids[i])) ?? [] };
    const mode = MODES.slice(0, 6).indexOf(modes[i] ?? '');
    if (mode < 0) {
      throw new TypeError(`TreeEnsembleRegressor: nodes_modes: no test ${modes[i] ?? '?'}.`);
    }
    return {
      ...{ mode, feature: features[i] ?? 0, split: f32.canonical(splits[i] ?? NaN) },
      members: new Set(),
      isMissingTrue: tracks[i] === 1,
      ...{ yes: child(tree, yes[i]), no: child(tree, no[i]) },
    };
  });
  const aggregate = AGGREGATES.indexOf(node.string('aggregate_function', 'SUM'));
  return {
    nodes,
    // A tree begins at the node that is below no other.
    roots: trees.flatMap((_, i) => (children.has(i) ? [] : [i])),
    targets: node.int('n_targets'),
    aggregate,
    base: node.floats('base_values', []),
  };
}

export const TreeEnsembleRegressor: HostOp = {
  type: 'TreeEnsembleRegressor',
  domain: 'ai.onnx.ml',
  opsets: [1, NEWEST_ML],
  inputs: [1, 1],
  attributes: {
    aggregate_function: { kind: 'string', oneOf: AGGREGATES },
    base_values: { kind: 'floats' },
    n_targets: { kind: 'int' },
    nodes_falsenodeids: { kind: 'ints' },
    nodes_featureids: { kind: 'ints' },
    nodes_hitrates: { kind: 'floats' },
    nodes_missing_value_tracks_true: { kind: 'ints' },
    nodes_modes: { kind: 'strings' },
    nodes_nodeids: { kind: 'ints' },
    nodes_treeids: { kind: 'ints' },
    nodes_truenodeids: { kind: 'ints' },
    nodes_values: { kind: 'floats' },
    post_transform: { kind: 'string' },
    target_ids: { kind: 'ints' },
    target_nodeids: { kind: 'ints' },
    target_treeids: { kind: 'ints' },
    target_weights: { kind: 'floats' },
  },
  types(node) {
    const dtype = node.dtypeOf(0);
    if (dtype !== 'float32') {
      throw new TypeError(`TreeEnsembleRegressor: expected float32, got ${dtype ?? '?'}.`);
    }
    transformOf(node);
    regressorForest(node);
    return [{ kind: 'tensor', dtype: 'float32' }];
  },
  run: (node) => evaluate(node, regressorForest(node)),
};
