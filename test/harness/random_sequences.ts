// Random nodes of recurrent and attention operators, as random_nodes.ts has them of the others: every optional input there or
// not, every mode, small sizes that cross a group of a sum now and then.
import type { CaseAttribute, CaseInput, NodeSpec } from './cases.ts';
import type { Chooser } from './random_nodes.ts';

type Make = (c: Chooser) => NodeSpec;
type Inputs = (CaseInput | undefined)[];
type Attributes = Record<string, CaseAttribute>;

const trimmed = (inputs: Inputs): Inputs => {
  while (inputs.length > 0 && inputs.at(-1) === undefined) inputs.pop();
  return inputs;
};
const maybe = (c: Chooser, make: () => CaseInput): CaseInput | undefined =>
  c.flag() ? make() : undefined;
const int32 = (dims: readonly number[], data: readonly number[], constant = false): CaseInput => ({
  dtype: 'int32',
  dims,
  data,
  ...(constant ? { constant } : {}),
});
const list = (n: number, of: (i: number) => number): number[] =>
  Array.from({ length: n }, (_, i) => of(i));

const FUNCTIONS = [
  ...['Relu', 'Tanh', 'Sigmoid', 'Affine', 'LeakyRelu', 'ThresholdedRelu', 'ScaledTanh'],
  ...['HardSigmoid', 'Elu', 'Softsign', 'Softplus'],
];

const recurrent =
  (opType: 'RNN' | 'GRU' | 'LSTM'): Make =>
  (c) => {
    const [gates, functions, flag] = {
      RNN: [1, 1, ''],
      GRU: [3, 2, 'linear_before_reset'],
      LSTM: [4, 3, 'input_forget'],
    }[opType] as [number, number, string];
    const direction = c.pick(['forward', 'reverse', 'bidirectional']);
    const directions = direction === 'bidirectional' ? 2 : 1;
    const [steps, batch] = [c.int(1, 4), c.int(1, 3)];
    const [input, hidden] = [c.pick([1, 2, 3, 66]), c.pick([1, 3, 4, 8, 33, 65])];
    const layout = c.below(2);
    const attributes: Attributes = { hidden_size: hidden, direction, layout };
    if (c.below(3) === 0) attributes['clip'] = { float: c.pick([0, 0.5, 3]) };
    if (flag !== '' && c.flag()) attributes[flag] = 1;
    if (c.flag()) {
      const names = Array.from({ length: functions * directions }, () => c.pick(FUNCTIONS));
      attributes['activations'] = { strings: names };
      if (c.flag()) attributes['activation_alpha'] = { floats: [0.5, -0.25] };
      if (c.flag()) attributes['activation_beta'] = { floats: [0.125] };
    }
    const rows = gates * hidden;
    const tensor = (...dims: number[]): CaseInput => c.tensor('float32', dims);
    const state = (): CaseInput =>
      layout === 1 ? tensor(batch, directions, hidden) : tensor(directions, batch, hidden);
    const weight = (...dims: number[]): CaseInput => ({ ...tensor(...dims), constant: c.flag() });
    const inputs: Inputs = [
      layout === 1 ? tensor(batch, steps, input) : tensor(steps, batch, input),
      weight(directions, rows, input),
      weight(directions, rows, hidden),
      maybe(c, () => weight(directions, 2 * rows)),
      maybe(c, () =>
        int32(
          [batch],
          list(batch, () => c.int(0, steps)),
        ),
      ),
      maybe(c, state),
    ];
    if (opType === 'LSTM') {
      inputs.push(
        maybe(c, state),
        maybe(c, () => weight(directions, 3 * hidden)),
      );
    }
    return {
      opType,
      opset: 22,
      attributes,
      inputs: trimmed(inputs),
      outputs: opType === 'LSTM' ? 3 : 2,
    };
  };

const attention: Make = (c) => {
  const shared = c.int(1, 3);
  const heads = shared * c.int(1, 3);
  const [batch, rows] = [c.int(1, 2), c.int(1, 4)];
  const [size, valueSize] = [c.pick([1, 3, 4, 65]), c.int(1, 4)];
  const fresh = c.pick([1, 2, 5, 67]);
  const past = c.below(3) === 0 ? c.int(0, 3) : undefined;
  const keys = fresh + (past ?? 0);
  const is3d = c.flag();
  const f = (...dims: number[]): CaseInput => c.tensor('float32', dims);
  const head = (h: number, n: number, d: number): CaseInput =>
    is3d ? f(batch, n, h * d) : f(batch, h, n, d);
  const attributes: Attributes = {
    is_causal: c.below(2),
    qk_matmul_output_mode: c.below(4),
    ...(is3d ? { q_num_heads: heads, kv_num_heads: shared } : {}),
    ...(c.flag() ? { scale: { float: c.pick([0.5, 1, 0.3]) } } : {}),
    ...(c.flag() ? { softcap: { float: c.pick([0, 2, 30]) } } : {}),
  };
  const width = c.flag() ? keys : c.int(1, keys);
  const shape = c.pick([
    [rows, width],
    [1, width],
    [batch, 1, rows, width],
    [batch, heads, rows, width],
    [heads, 1, width],
  ]);
  const lengths: CaseInput = {
    dtype: 'int64',
    dims: [batch],
    data: list(batch, () => c.int(0, keys + 1)).map(BigInt),
  };
  return {
    opType: 'Attention',
    opset: 24,
    attributes,
    inputs: trimmed([
      head(heads, rows, size),
      head(shared, fresh, size),
      head(shared, fresh, valueSize),
      maybe(c, () => c.tensor(c.pick(['float32', 'bool'] as const), shape)),
      past === undefined ? undefined : f(batch, shared, past, size),
      past === undefined ? undefined : f(batch, shared, past, valueSize),
      c.below(4) === 0 ? lengths : undefined,
    ]),
    outputs: 4,
  };
};

const groupQuery: Make = (c) => {
  const shared = c.int(1, 2);
  const heads = shared * c.int(1, 3);
  const batch = c.int(1, 3);
  const half = c.int(1, 3);
  const size = 2 * half + c.pick([0, 0, 2]);
  const isFirst = c.flag();
  const rows = isFirst ? c.int(1, 5) : c.int(1, 2);
  const total = isFirst ? rows : rows + c.int(1, 5);
  const buffer = isFirst && c.flag() ? undefined : c.int(total - rows, total + 2);
  const f = (...dims: number[]): CaseInput => c.tensor('float32', dims);
  const isPacked = c.below(3) === 0;
  const rotates = c.below(2);
  const cache = (): CaseInput | undefined =>
    buffer === undefined ? undefined : f(batch, shared, buffer, size);
  const attributes: Attributes = {
    num_heads: heads,
    kv_num_heads: shared,
    do_rotary: rotates,
    rotary_interleaved: c.below(2),
    local_window_size: c.pick([-1, -1, 1, 2, 3]),
    smooth_softmax: c.pick([0, 0, 1]),
    ...(c.flag() ? { scale: { float: 0.6 } } : {}),
    ...(c.flag() ? { softcap: { float: 5 } } : {}),
    ...(c.below(4) === 0 ? { causal: 0 } : {}),
  };
  const angles = (): CaseInput | undefined => (rotates === 1 ? f(total + 1, half) : undefined);
  return {
    opType: 'GroupQueryAttention',
    domain: 'com.microsoft',
    attributes,
    inputs: trimmed([
      f(batch, rows, (isPacked ? heads + 2 * shared : heads) * size),
      isPacked ? undefined : f(batch, rows, shared * size),
      isPacked ? undefined : f(batch, rows, shared * size),
      cache(),
      cache(),
      int32(
        [batch],
        list(batch, () => c.int(0, total - 1)),
      ),
      int32([], [total], true),
      angles(),
      angles(),
      undefined,
      maybe(c, () => f(c.pick([1, batch]), c.pick([1, heads]), rows, total)),
      c.below(3) === 0 ? f(heads) : undefined,
    ]),
    outputs: 3,
  };
};

const multiHead: Make = (c) => {
  const [heads, batch, rows] = [c.int(1, 3), c.int(1, 2), c.int(1, 4)];
  const [size, valueSize] = [c.int(1, 5), c.int(1, 4)];
  const fresh = c.pick([1, 3, 66]);
  const past = c.below(3) === 0 ? c.int(1, 3) : undefined;
  const keys = fresh + (past ?? 0);
  const f = (...dims: number[]): CaseInput => c.tensor('float32', dims);
  const bits = (...dims: number[]): CaseInput =>
    int32(
      dims,
      list(
        dims.reduce((a, b) => a * b, 1),
        () => c.below(2),
      ),
    );
  const masks: readonly (() => CaseInput | undefined)[] = [
    () => undefined,
    () =>
      int32(
        [batch],
        list(batch, () => c.int(0, keys)),
      ),
    () => bits(batch, keys),
    () => bits(batch, rows, keys),
  ];
  return {
    opType: 'MultiHeadAttention',
    domain: 'com.microsoft',
    attributes: {
      num_heads: heads,
      unidirectional: c.below(2),
      ...(c.flag() ? { scale: { float: 0.6 } } : {}),
      ...(c.flag() ? { mask_filter_value: { float: -5 } } : {}),
    },
    inputs: trimmed([
      f(batch, rows, heads * size),
      f(batch, fresh, heads * size),
      f(batch, fresh, heads * valueSize),
      maybe(c, () => f(heads * (2 * size + valueSize))),
      c.pick(masks)(),
      maybe(c, () => f(c.pick([1, batch]), c.pick([1, heads]), rows, keys)),
      past === undefined ? undefined : f(batch, heads, past, size),
      past === undefined ? undefined : f(batch, heads, past, valueSize),
    ]),
    outputs: 3,
  };
};

const linear: Make = (c) => {
  const shared = c.int(1, 2);
  const heads = shared * c.int(1, 2);
  const [batch, rows, size, width] = [c.int(1, 2), c.int(1, 3), c.pick([1, 3, 65]), c.int(1, 4)];
  const update_rule = c.pick(['linear', 'gated', 'delta', 'gated_delta']);
  const f = (...dims: number[]): CaseInput => c.tensor('float32', dims);
  return {
    opType: 'LinearAttention',
    opset: 27,
    attributes: { q_num_heads: heads, kv_num_heads: shared, update_rule },
    inputs: trimmed([
      f(batch, rows, heads * size),
      f(batch, rows, shared * size),
      f(batch, rows, shared * width),
      maybe(c, () => f(batch, shared, size, width)),
      update_rule.includes('gated') ? f(batch, rows, shared * c.pick([1, size])) : undefined,
      update_rule.includes('delta') ? f(batch, rows, c.pick([1, shared])) : undefined,
    ]),
    outputs: 2,
  };
};

/** Operator to its random nodes. */
export const RANDOM_SEQUENCES: readonly (readonly [string, Make])[] = [
  ['RNN', recurrent('RNN')],
  ['GRU', recurrent('GRU')],
  ['LSTM', recurrent('LSTM')],
  ['Attention', attention],
  ['GroupQueryAttention', groupQuery],
  ['MultiHeadAttention', multiHead],
  ['LinearAttention', linear],
];
