// Random operators: Philox4x32-10 and what docs/NUMERICS.md V10 makes of its words, at the seed 0 that a run has by itself.
import * as elementary from '../elementary.ts';
import * as f from '../float.ts';
import { typeOf, zeroOf, type Element } from '../layout.ts';
import { at, floatOf, inputOf, intOf, intsOf, sizeOf, tensorOf, wordsOf } from '../node.ts';
import type { OracleNode, OracleOperator, OracleTensor, OracleType } from '../types.ts';
import { operators as casts } from './cast.ts';
import { greatest } from './reduce.ts';

const low32 = (n: bigint): bigint => n & 0xffffffffn;

/** One block of four words. */
function philox(counter: readonly bigint[], key: readonly bigint[]): bigint[] {
  let [a, b, c, d] = counter as [bigint, bigint, bigint, bigint];
  let [j, k] = key as [bigint, bigint];
  for (let round = 0; round < 10; round += 1) {
    const [x, y] = [a * 0xd2511f53n, c * 0xcd9e8d57n];
    [a, b, c, d] = [(y >> 32n) ^ b ^ j, low32(y), (x >> 32n) ^ d ^ k, low32(x)];
    [j, k] = [low32(j + 0x9e3779b9n), low32(k + 0xbb67ae85n)];
  }
  return [a, b, c, d];
}

/** FNV-1a, 64 bits; names are ASCII here. */
function hashOf(name: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const letter of name) {
    hash ^= BigInt(letter.charCodeAt(0));
    hash = BigInt.asUintN(64, hash * 0x100000001b3n);
  }
  return hash;
}

/** The node's word at an index. */
function wordAt(node: OracleNode, index: number): bigint {
  const hash = hashOf(node.output);
  let own = [low32(hash), hash >> 32n];
  let key = [0n, 0n];
  if (node.attributes.has('seed')) {
    own = [0n, 0n];
    if (node.opType === 'Dropout') {
      const seed = BigInt.asUintN(64, BigInt(intOf(node, 'seed', 0)));
      key = [low32(seed), seed >> 32n];
    } else key = [BigInt(floatOf(node, 'seed', 0)), 0n];
  }
  const block = philox([BigInt(Math.floor(index / 4)), 0n, ...own], key);
  return at(block, index % 4);
}

/** 24 bits of a word as a fraction of 1. */
const uniformOf = (word: bigint): number => f.storeRational(word >> 8n, 1n << 24n);
const uniformAt = (node: OracleNode, index: number): number => uniformOf(wordAt(node, index));

function normalAt(node: OracleNode, index: number): number {
  const part = f.multiply(f.wordOfInteger(wordAt(node, 2 * index)), f.roundRational(1n, 1n << 32n));
  const v = f.maximum(part, f.roundRational(1n, 1n << 33n));
  const radius = f.sqrt(f.multiply(elementary.log(v), f.roundRational(-2n)));
  const turn = 0x40c90fdb; // 2π, rounded
  const angle = f.multiply(turn, uniformAt(node, 2 * index + 1));
  return f.multiply(radius, elementary.cos(angle));
}

/** What was drawn, in the type that the node asks for. */
function drawnAs(
  node: OracleNode,
  dims: readonly number[],
  data: readonly number[],
): OracleTensor[] {
  const drawn = tensorOf('float32', dims, data);
  const to = node.attributes.get('dtype');
  const cast = casts['Cast'];
  if (to === undefined || cast === undefined) return [drawn];
  return [...cast({ ...node, inputs: [drawn], attributes: new Map([['to', to]]) })];
}

function uniform(node: OracleNode, dims: readonly number[]): OracleTensor[] {
  const [low, high] = [floatOf(node, 'low', f.kZero), floatOf(node, 'high', f.kOne)];
  const span = f.subtract(high, low);
  const data = Array.from({ length: sizeOf(dims) }, (_, i) =>
    f.add(low, f.multiply(uniformAt(node, i), span)),
  );
  return drawnAs(node, dims, data);
}

function normal(node: OracleNode, dims: readonly number[]): OracleTensor[] {
  const [mean, scale] = [floatOf(node, 'mean', f.kZero), floatOf(node, 'scale', f.kOne)];
  const data = Array.from({ length: sizeOf(dims) }, (_, i) =>
    f.add(mean, f.multiply(normalAt(node, i), scale)),
  );
  return drawnAs(node, dims, data);
}

function oneOf(dtype: OracleType): Element {
  const found: Partial<Record<OracleType, Element>> = {
    float32: f.kOne,
    float16: 0x3c00,
    bfloat16: 0x3f80,
    float64: 0x3ff0000000000000n,
    int64: 1n,
    uint64: 1n,
  };
  return found[dtype] ?? 1;
}

function bernoulli(node: OracleNode): OracleTensor[] {
  const p = inputOf(node, 0);
  const dtype = typeOf(node, 'dtype', p.dtype);
  const data = wordsOf(p).map((word, i) =>
    f.compare(uniformAt(node, i), word) === -1 ? oneOf(dtype) : zeroOf(dtype),
  );
  return [tensorOf(dtype, p.dims, data)];
}

function multinomial(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const words = wordsOf(x);
  const [batch = 0, classes = 1] = x.dims;
  const samples = intOf(node, 'sample_size', 1);
  const dtype = typeOf(node, 'dtype', 'int32');
  const data: Element[] = [];
  for (let row = 0; row < batch; row += 1) {
    const own = words.slice(row * classes, (row + 1) * classes);
    const most = greatest(own);
    let sum = f.kZero;
    const sums = own.map((word) => (sum = f.add(sum, elementary.exp(f.subtract(word, most)))));
    for (let i = 0; i < samples; i += 1) {
      const goal = f.multiply(uniformAt(node, row * samples + i), at(sums, classes - 1));
      const passed = sums.slice(0, -1).filter((one) => {
        const order = f.compare(one, goal);
        return order !== undefined && order <= 0;
      }).length;
      data.push(dtype === 'int64' ? BigInt(passed) : passed);
    }
  }
  return [tensorOf(dtype, [batch, samples], data)];
}

/** Dropout while training: the output and its mask. */
export function dropout(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const given = node.inputs[1];
  const otherwise = floatOf(node, 'ratio', f.roundRational(1n, 2n));
  const ratio = given === undefined ? otherwise : at(wordsOf(given), 0);
  const scale = f.divide(f.kOne, f.subtract(f.kOne, ratio));
  const mask = x.data.map((_, i) => {
    const order = f.compare(ratio, uniformAt(node, i));
    return order !== undefined && order <= 0 ? 1 : 0;
  });
  const data = wordsOf(x).map((word, i) => (mask[i] === 1 ? f.multiply(word, scale) : f.kZero));
  const own =
    node.opset < 10
      ? tensorOf(
          'float32',
          x.dims,
          mask.map((bit) => (bit === 1 ? f.kOne : f.kZero)),
        )
      : tensorOf('bool', x.dims, mask);
  return [tensorOf('float32', x.dims, data), own];
}

export const operators: Readonly<Record<string, OracleOperator>> = {
  Bernoulli: bernoulli,
  Multinomial: multinomial,
  RandomNormal: (node) => normal(node, intsOf(node, 'shape') ?? []),
  RandomNormalLike: (node) => normal(node, inputOf(node, 0).dims),
  RandomUniform: (node) => uniform(node, intsOf(node, 'shape') ?? []),
  RandomUniformLike: (node) => uniform(node, inputOf(node, 0).dims),
};
