// Movement of strings: each operator that copies elements works on the numbers of the strings in a pool, by the planned
// operator of the same name, and gives the strings of the numbers. So strings move exactly as numbers do (V1); number 0 is
// the empty string, which stands where numbers have zero bits. Equal strings have one number, so Equal works likewise.
import type { DataType } from '../core/data.ts';
import type { HostContext, HostOp } from '../core/host_op.ts';
import { NEWEST_OPSET, type AttributeKind } from '../core/op.ts';
import { Tensor } from '../core/tensor.ts';

/** Strings by number, each once. */
class StringPool {
  readonly #texts: string[] = [''];
  readonly #numbers = new Map<string, bigint>([['', 0n]]);

  numbersOf(tensor: Tensor): Tensor {
    const { data, dims } = tensor;
    if (!Array.isArray(data)) return tensor;
    const numbers = data.map((text) => {
      const known = this.#numbers.get(text);
      if (known !== undefined) return known;
      const number = BigInt(this.#texts.length);
      this.#numbers.set(text, number);
      this.#texts.push(text);
      return number;
    });
    return new Tensor('int64', BigInt64Array.from(numbers), dims);
  }

  textsOf(tensor: Tensor): Tensor {
    const texts = tensor.numbers().map((number) => this.#texts[number] ?? '');
    return new Tensor('string', texts, tensor.dims);
  }
}

interface Movement {
  readonly inputs: readonly [number, number];
  readonly attributes?: Readonly<Record<string, AttributeKind>>;
  /** What the outputs are; strings if not given. */
  readonly gives?: 'int64' | 'bool';
}

const MANY = 2147483647;

const MOVEMENTS: Readonly<Record<string, Movement>> = {
  Concat: { inputs: [1, MANY], attributes: { axis: 'int' } },
  DepthToSpace: { inputs: [1, 1], attributes: { blocksize: 'int', mode: 'string' } },
  Equal: { inputs: [2, 2], attributes: { axis: 'int', broadcast: 'int' }, gives: 'bool' },
  Expand: { inputs: [2, 2] },
  Flatten: { inputs: [1, 1], attributes: { axis: 'int' } },
  Gather: { inputs: [2, 2], attributes: { axis: 'int' } },
  GatherElements: { inputs: [2, 2], attributes: { axis: 'int' } },
  GatherND: { inputs: [2, 2], attributes: { batch_dims: 'int' } },
  OneHot: { inputs: [3, 3], attributes: { axis: 'int' } },
  Pad: {
    inputs: [1, 4],
    attributes: { mode: 'string', pads: 'ints', paddings: 'ints', value: 'float' },
  },
  Reshape: { inputs: [1, 2], attributes: { shape: 'ints', allowzero: 'int' } },
  ReverseSequence: { inputs: [2, 2], attributes: { batch_axis: 'int', time_axis: 'int' } },
  Scatter: { inputs: [3, 3], attributes: { axis: 'int' } },
  ScatterElements: { inputs: [3, 3], attributes: { axis: 'int', reduction: 'string' } },
  ScatterND: { inputs: [3, 3], attributes: { reduction: 'string' } },
  Shape: { inputs: [1, 1], attributes: { start: 'int', end: 'int' }, gives: 'int64' },
  Size: { inputs: [1, 1], gives: 'int64' },
  Slice: { inputs: [1, 5], attributes: { starts: 'ints', ends: 'ints', axes: 'ints' } },
  SpaceToDepth: { inputs: [1, 1], attributes: { blocksize: 'int' } },
  Split: { inputs: [1, 2], attributes: { axis: 'int', split: 'ints', num_outputs: 'int' } },
  Squeeze: { inputs: [1, 2], attributes: { axes: 'ints' } },
  Tile: { inputs: [2, 3] },
  Transpose: { inputs: [1, 1], attributes: { perm: 'ints' } },
  Trilu: { inputs: [1, 2], attributes: { upper: 'int' } },
  Unsqueeze: { inputs: [1, 2], attributes: { axes: 'ints' } },
  Where: { inputs: [3, 3] },
};

async function move(node: HostContext, gives: Movement['gives']): Promise<Tensor[]> {
  // Numbers in another order would be other numbers: a reduction of strings is none.
  if (node.has('reduction') && node.string('reduction') !== 'none') {
    throw new TypeError(
      `${node.opType}: reduction: expected none for strings, got ${node.string('reduction')}.`,
    );
  }
  const pool = new StringPool();
  const inputs = Array.from({ length: node.inputCount }, (_, i) =>
    node.value(i) === undefined ? undefined : pool.numbersOf(node.tensorAt(i)),
  );
  const outputs = await node.callPlanned(inputs);
  return gives === undefined ? outputs.map((one) => pool.textsOf(one)) : outputs;
}

/** Each of the operators for strings. */
export const stringMovements: readonly HostOp[] = Object.entries(MOVEMENTS).map(
  ([type, { inputs, attributes = {}, gives }]): HostOp => {
    const given: DataType = { kind: 'tensor', dtype: gives ?? 'string' };
    return {
      type,
      opsets: [1, NEWEST_OPSET],
      inputs,
      attributes: Object.fromEntries(
        Object.entries(attributes).map(([name, kind]) => [name, { kind }]),
      ),
      types(node) {
        let strings = 0;
        for (let i = 0; i < node.inputCount; i += 1) {
          const input = node.typeOf(i);
          const kind = input?.kind ?? 'tensor';
          if (kind !== 'tensor') throw new TypeError(`${type}: expected a tensor, got ${kind}.`);
          if (input?.kind === 'tensor' && input.dtype === 'string') strings += 1;
        }
        // Numbers come here only at opsets that no planned operator covers.
        if (strings === 0) {
          throw new TypeError(
            `${type}: opset ${node.opset} is not implemented for numbers: expected strings.`,
          );
        }
        return Array.from({ length: node.outputCount }, () => given);
      },
      run: (node) => move(node, gives),
    };
  },
);
