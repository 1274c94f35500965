// Concat: every width of an element, uneven widths, empty inputs, and more inputs than a dispatch binds.
import type { DType } from '../../src/core/dtype.ts';
import { dtypeInfo, typedArrayOf } from '../../src/core/dtype.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { nodeCase, type CaseGroup, type CaseInput, type OpCase } from '../harness/cases.ts';
import { bits, WIDTHS } from '../harness/movement.ts';

/** Row by row: the part of every input. */
function joined(inputs: CaseInput[], axis: number): Tensor {
  const [first] = inputs;
  if (first === undefined) throw new RangeError('concat: no inputs');
  const { dtype } = first;
  const width = dtypeInfo(dtype).bytes;
  const rows = first.dims.slice(0, axis).reduce((a, b) => a * b, 1);
  const parts: Uint8Array[] = [];
  for (let row = 0; row < rows; row += 1) {
    for (const input of inputs) {
      const size = input.dims.slice(axis).reduce((a, b) => a * b, 1) * width;
      const data = input.data as Float32Array;
      parts.push(new Uint8Array(data.buffer, data.byteOffset + row * size, size));
    }
  }
  const bytes = Uint8Array.from(parts.flatMap((part) => [...part]));
  const dims = first.dims.map((dim, k) =>
    k === axis ? inputs.reduce((sum, input) => sum + (input.dims[axis] ?? 0), 0) : dim,
  );
  return new Tensor(dtype, typedArrayOf(dtype, bytes.buffer, 0, bytes.length / width), dims);
}

function concat(
  group: CaseGroup,
  dtype: DType,
  before: number[],
  sizes: number[],
  after: number[],
): OpCase {
  const inputs = sizes.map((size, i) => bits(i + 3, dtype, [...before, size, ...after]));
  return nodeCase(
    `concat/dtype=${dtype},before=${before.join('x')},sizes=${sizes.join('_')},after=${after.join('x')}`,
    group,
    { opType: 'Concat', attributes: { axis: before.length }, inputs },
    { expected: [joined(inputs, before.length)] },
  );
}

const many = (count: number): number[] => Array.from({ length: count }, (_, i) => (i % 3) + 1);

export const cases: OpCase[] = [
  nodeCase(
    'concat/axis=negative',
    'defined',
    {
      opType: 'Concat',
      attributes: { axis: -1 },
      inputs: [
        { dtype: 'int32', dims: [2, 1], data: [1, 4] },
        { dtype: 'int32', dims: [2, 2], data: [2, 3, 5, 6] },
      ],
    },
    { expected: [new Tensor('int32', [1, 2, 3, 4, 5, 6], [2, 3])] },
  ),
  concat('edges', 'float32', [], [4], []),
  concat('edges', 'float32', [2], [0, 3], [2]),
  concat('edges', 'float32', [2], [0, 3, 0, 1], [2]),
  concat('edges', 'float32', [2], [0, 0], [2]),
  concat('edges', 'uint8', [3], many(40), []),
  concat('edges', 'float32', [2], many(70), [3]),
  ...WIDTHS.flatMap((dtype) => [
    concat('random', dtype, [], [5, 2, 4], [3]),
    concat('random', dtype, [2, 3], [1, 3, 2], []),
    concat('random', dtype, [3], [4, 8, 4], [4]),
    concat('random', dtype, [2], many(9), [5]),
    // Short rows are woven, four inputs of one word at a time.
    concat('random', dtype, [70], [1, 1, 1, 1, 1, 2, 1, 1, 1, 1], []),
  ]),
  ...[2, 8].map((count) => {
    const first = bits(90, 'float32', [1, 6]);
    return nodeCase(
      `concat/inputs=${count}`,
      'invariance',
      {
        opType: 'Concat',
        attributes: { axis: 1 },
        inputs: [
          first,
          ...Array.from({ length: count - 1 }, (_, i) => bits(91 + i, 'float32', [1, 5])),
        ],
      },
      { same: { key: 'concat/first', from: 0, to: 6 } },
    );
  }),
];
