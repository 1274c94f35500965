// A language model's decoder of SmolLM2-135M's shape with random weights, for benchmarks: 30 layers, 576 wide, 9 heads and 3 for
// keys and values, a gated MLP of 1536, 49152 tokens; the nodes are those that exporters for onnxruntime write
// (GroupQueryAttention with rotation, SkipSimplifiedLayerNormalization), the projections float32 or 4 bits (MatMulNBits,
// blocks of 32, accuracy_level 4). Writes two folders, each a model with inputs: `decode`, one token behind 128, and
// `prefill`, 128 tokens at once. The same arguments give the same bytes. Nothing is learnt: its text means nothing.
import { linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Tensor } from '../src/core/tensor.ts';
import type { Attribute, Graph, Node, ValueInfo } from '../src/graph/graph.ts';
import { writeModel, writeTensor } from '../src/onnx/writer.ts';
import { Random } from './digits/random.ts';

const WIDTH = 576;
const HEADS = 9;
const SHARED_HEADS = 3;
const HEAD = 64;
const INNER = 1536;
const TOKENS = 49152;
const PAST = 128;
const LONGEST = 2048;
const BLOCK = 32;
const MICROSOFT = 'com.microsoft';

const int = (value: number): Attribute => ({ type: 'int', value });

class Decoder {
  readonly #random = new Random(1);
  readonly #nodes: Node[] = [];
  readonly #initializers = new Map<string, Tensor>();
  readonly #inputs: ValueInfo[] = [];
  readonly #outputs: ValueInfo[] = [];
  readonly #isQuantised: boolean;

  constructor(isQuantised: boolean) {
    this.#isQuantised = isQuantised;
  }

  /** Uniform in ±scale. */
  #floats(size: number, scale: number): Float32Array {
    const data = new Float32Array(size);
    for (let i = 0; i < size; i += 1) data[i] = this.#random.between(-scale, scale);
    return data;
  }

  #weight(name: string, dims: readonly number[], data: Float32Array | Uint8Array): string {
    const dtype = data instanceof Uint8Array ? 'uint8' : 'float32';
    this.#initializers.set(name, new Tensor(dtype, data, dims));
    return name;
  }

  #node(
    opType: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = '',
  ): string {
    const [first = ''] = outputs;
    const index = this.#nodes.length;
    const shared = { index, name: first, domain, opType, inputs, outputs };
    this.#nodes.push({ ...shared, attributes: new Map(Object.entries(attributes)) });
    return first;
  }

  /** x · W, W of [depth, width]. */
  #project(name: string, x: string, depth: number, width: number): string {
    const scale = Math.sqrt(3 / depth);
    if (!this.#isQuantised) {
      const w = this.#weight(`${name}.w`, [depth, width], this.#floats(depth * width, scale));
      return this.#node('MatMul', [x, w], [name]);
    }
    const blocks = depth / BLOCK;
    const packed = new Uint8Array((width * depth) / 2);
    for (let i = 0; i < packed.length; i += 1) packed[i] = this.#random.u32() & 255;
    const b = this.#weight(`${name}.q`, [width, blocks, BLOCK / 2], packed);
    const s = this.#weight(
      `${name}.s`,
      [width * blocks],
      this.#floats(width * blocks, scale / 8).map(Math.abs),
    );
    const attributes = {
      ...{ K: int(depth), N: int(width), bits: int(4), block_size: int(BLOCK) },
      accuracy_level: int(4),
    };
    return this.#node('MatMulNBits', [x, b, s], [name], attributes, MICROSOFT);
  }

  #ones = (name: string): string =>
    this.#weight(
      name,
      [WIDTH],
      this.#floats(WIDTH, 0.1).map((x) => Math.fround(1 + x)),
    );

  #attention(layer: string, x: string, number: number): string {
    const [q, k, v] = [
      this.#project(`${layer}.q`, x, WIDTH, HEADS * HEAD),
      this.#project(`${layer}.k`, x, WIDTH, SHARED_HEADS * HEAD),
      this.#project(`${layer}.v`, x, WIDTH, SHARED_HEADS * HEAD),
    ];
    const [past, present] = ['past_key_values', 'present'].map((name) =>
      ['key', 'value'].map((kind) => `${name}.${number}.${kind}`),
    ) as [string[], string[]];
    const info = (dims: ValueInfo['dims']) => (name: string) => ({
      ...{ name, dtype: 'float32' as const },
      ...(dims === undefined ? {} : { dims }),
    });
    this.#inputs.push(...past.map(info([1, SHARED_HEADS, 'past', HEAD])));
    this.#outputs.push(...present.map(info([1, SHARED_HEADS, 'total', HEAD])));
    const y = this.#node(
      'GroupQueryAttention',
      [q, k, v, ...past, 'seqlens_k', 'total_sequence_length', 'cos_cache', 'sin_cache'],
      [`${layer}.attention`, ...present],
      { num_heads: int(HEADS), kv_num_heads: int(SHARED_HEADS), do_rotary: int(1) },
      MICROSOFT,
    );
    return this.#project(`${layer}.o`, y, HEADS * HEAD, WIDTH);
  }

  #mlp(layer: string, x: string): string {
    const gate = this.#project(`${layer}.gate`, x, WIDTH, INNER);
    const up = this.#project(`${layer}.up`, x, WIDTH, INNER);
    const sigmoid = this.#node('Sigmoid', [gate], [`${layer}.sigmoid`]);
    const silu = this.#node('Mul', [gate, sigmoid], [`${layer}.silu`]);
    const gated = this.#node('Mul', [silu, up], [`${layer}.gated`]);
    return this.#project(`${layer}.down`, gated, INNER, WIDTH);
  }

  #rotation(): void {
    const half = HEAD / 2;
    // Any unit vectors do: a rotation by a 1024th of a turn a place, another a column, made without trigonometry.
    const [cos, sin] = [new Float32Array(LONGEST * half), new Float32Array(LONGEST * half)];
    for (let column = 0; column < half; column += 1) {
      const t = 1 / (8 * (column + 1));
      const [c, s] = [(1 - t * t) / (1 + t * t), (2 * t) / (1 + t * t)];
      let [x, y] = [1, 0];
      for (let place = 0; place < LONGEST; place += 1) {
        cos[place * half + column] = x;
        sin[place * half + column] = y;
        [x, y] = [x * c - y * s, x * s + y * c];
      }
    }
    this.#weight('cos_cache', [LONGEST, half], cos);
    this.#weight('sin_cache', [LONGEST, half], sin);
  }

  graph(layers: number): Graph {
    this.#rotation();
    const table = this.#weight('embedding', [TOKENS, WIDTH], this.#floats(TOKENS * WIDTH, 1));
    let sum = this.#node('Gather', [table, 'input_ids'], ['embedded']);
    const epsilon = { epsilon: { type: 'float', value: 1e-5 } } as const;
    let x = this.#node(
      'SimplifiedLayerNormalization',
      [sum, this.#ones('norm.w')],
      ['norm'],
      epsilon,
    );
    const skip = (name: string, added: string): void => {
      const next = `${name}.sum`;
      const inputs = [sum, added, this.#ones(`${name}.w`)];
      x = this.#node(
        'SkipSimplifiedLayerNormalization',
        inputs,
        [name, '', '', next],
        epsilon,
        MICROSOFT,
      );
      sum = next;
    };
    for (let i = 0; i < layers; i += 1) {
      skip(`layers.${i}.mlp_norm`, this.#attention(`layers.${i}`, x, i));
      skip(`layers.${i}.norm`, this.#mlp(`layers.${i}`, x));
    }
    this.#project('logits', x, WIDTH, TOKENS);
    return {
      name: 'decoder',
      nodes: this.#nodes,
      inputs: [
        { name: 'input_ids', dtype: 'int64', dims: [1, 'rows'] },
        { name: 'seqlens_k', dtype: 'int32', dims: [1] },
        { name: 'total_sequence_length', dtype: 'int32', dims: [] },
        ...this.#inputs,
      ],
      outputs: [{ name: 'logits', dtype: 'float32', dims: [1, 'rows', TOKENS] }, ...this.#outputs],
      initializers: this.#initializers,
      valueInfo: new Map(),
      opsets: new Map([
        ['', 21],
        [MICROSOFT, 1],
      ]),
    };
  }
}

/** The inputs of a run of `rows` tokens behind `past` others, in the graph's order. */
function writeInputs(folder: string, graph: Graph, rows: number, past: number): void {
  const random = new Random(2);
  mkdirSync(folder, { recursive: true });
  const ids = BigInt64Array.from({ length: rows }, () => BigInt(random.u32() % TOKENS));
  const cache = [1, SHARED_HEADS, past, HEAD];
  const size = SHARED_HEADS * past * HEAD;
  graph.inputs.forEach(({ name }, i) => {
    const tensor =
      name === 'input_ids'
        ? new Tensor('int64', ids, [1, rows])
        : name === 'seqlens_k'
          ? new Tensor('int32', [past + rows - 1], [1])
          : name === 'total_sequence_length'
            ? new Tensor('int32', [past + rows], [])
            : new Tensor(
                'float32',
                Float32Array.from({ length: size }, () => random.between(-1, 1)),
                cache,
              );
    writeFileSync(join(folder, `input_${i}.pb`), writeTensor(name, tensor));
  });
}

export function main([kind, folder, count = '30']: readonly string[]): number {
  const layers = Number(count);
  if ((kind !== 'f32' && kind !== 'q4') || folder === undefined || !(layers >= 1)) {
    console.error('decoder: expected f32 or q4, a folder, and how many layers.');
    return 2;
  }
  const graph = new Decoder(kind === 'q4').graph(layers);
  const model = writeModel(graph);
  const uses = { decode: [1, PAST], prefill: [PAST, 0] } as const;
  for (const [name, [rows, past]] of Object.entries(uses)) {
    const own = join(folder, name);
    writeInputs(join(own, 'test_data_set_0'), graph, rows, past);
    rmSync(join(own, 'model.onnx'), { force: true });
    if (name === 'decode') writeFileSync(join(own, 'model.onnx'), model);
    else linkSync(join(folder, 'decode', 'model.onnx'), join(own, 'model.onnx'));
    console.log(`${own}: ${Math.round(model.length / 2 ** 20)} MiB`);
  }
  return 0;
}
