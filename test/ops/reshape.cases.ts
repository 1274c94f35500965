// Operators that only rename a shape: bits stay, shapes are what ONNX says, in the older forms too.
import { Tensor } from '../../src/core/tensor.ts';
import {
  nodeCase,
  type CaseAttribute,
  type CaseGroup,
  type CaseInput,
  type OpCase,
} from '../harness/cases.ts';
import { bits, int64s, WIDTHS } from '../harness/movement.ts';

interface Form {
  readonly opset?: number;
  readonly attributes?: Readonly<Record<string, CaseAttribute>>;
  readonly more?: readonly (CaseInput | undefined)[];
}

function rename(
  group: CaseGroup,
  opType: string,
  x: CaseInput,
  dims: number[],
  form: Form = {},
): OpCase {
  const { opset = 17, attributes = {}, more = [] } = form;
  const list = [
    ...Object.entries(attributes).map(([name, value]) => `${name}=${JSON.stringify(value)}`),
  ];
  for (const input of more)
    list.push(`input=${input === undefined ? 'absent' : [...input.data].join('_')}`);
  return nodeCase(
    `reshape/op=${opType},dtype=${x.dtype},dims=${x.dims.join('x')},opset=${opset},${list.join(',')}`,
    group,
    { opType, opset, attributes, inputs: [x, ...more] },
    { expected: [new Tensor(x.dtype, x.data, dims)] },
  );
}

const x = bits(1, 'float32', [2, 3, 4]);
const ones = bits(2, 'float32', [1, 3, 1, 2]);
const none = bits(3, 'float32', [0, 3]);

export const cases: OpCase[] = [
  rename('defined', 'Reshape', x, [2, 12], { more: [int64s(0, -1)] }),
  rename('defined', 'Reshape', x, [4, 3, 2], { more: [int64s(4, 3, 2)] }),
  rename('defined', 'Flatten', x, [6, 4], { attributes: { axis: 2 } }),
  rename('defined', 'Flatten', x, [2, 12]),
  rename('defined', 'Flatten', x, [6, 4], { attributes: { axis: -1 } }),
  rename('defined', 'Squeeze', ones, [3, 2]),
  rename('defined', 'Squeeze', ones, [1, 3, 2], { more: [int64s(-2)] }),
  rename('defined', 'Squeeze', ones, [3, 1, 2], { opset: 11, attributes: { axes: [0] } }),
  rename('defined', 'Unsqueeze', x, [2, 1, 3, 4, 1], { more: [int64s(-1, 1)] }),
  rename('defined', 'Unsqueeze', x, [1, 2, 3, 4], { opset: 7, attributes: { axes: [0] } }),
  rename('defined', 'Identity', x, [2, 3, 4]),
  rename('defined', 'Dropout', x, [2, 3, 4], { opset: 7, attributes: { ratio: { float: 0.5 } } }),
  nodeCase(
    'reshape/op=Dropout,mask',
    'defined',
    { opType: 'Dropout', opset: 13, inputs: [x], outputs: 2 },
    {
      expected: [
        new Tensor('float32', x.data, [2, 3, 4]),
        new Tensor(
          'bool',
          Array.from({ length: 24 }, () => true),
          [2, 3, 4],
        ),
      ],
    },
  ),
  rename('edges', 'Reshape', none, [0, 7], { more: [int64s(0, 7)], attributes: { allowzero: 1 } }),
  rename('edges', 'Reshape', none, [0, 3], { more: [int64s(0, 0)] }),
  rename('edges', 'Flatten', x, [1, 24], { attributes: { axis: 0 } }),
  rename('edges', 'Flatten', x, [24, 1], { attributes: { axis: 3 } }),
  rename('edges', 'Reshape', bits(4, 'float32', [1]), [], { more: [{ ...int64s(), dims: [0] }] }),
  ...WIDTHS.map((dtype) =>
    rename('random', 'Reshape', bits(5, dtype, [6, 35]), [5, 42], { more: [int64s(5, -1)] }),
  ),
  ...['Identity', 'Dropout'].map((opType) =>
    nodeCase(
      `reshape/op=${opType},invariance`,
      'invariance',
      { opType, inputs: [x] },
      { same: { key: 'reshape/same' } },
    ),
  ),
];
