// Hostile models out of good ones: bits and lengths of the file, numbers that are too large or negative, nodes that read
// one another, attributes and operators in the wrong place, pieces of one model in another. Everything comes from a
// seed. What must come of it is not known here.

import { Prng } from '../harness/prng.ts';
import { parse, serialize, type Field } from './proto_tree.ts';

const NUMBERS = [
  ...[0n, 1n, 2n, 3n, 7n, 8n, 64n, 127n, 128n, 255n, 65535n, 65536n, 1000003n],
  ...[-1n, -2n, -8n, -(1n << 31n), -(1n << 63n)],
  ...[(1n << 31n) - 1n, 1n << 31n, (1n << 32n) - 1n, 1n << 32n, 1n << 40n, 1n << 53n],
  ...[(1n << 62n) + 1n, (1n << 63n) - 1n],
];

const WORDS = [
  0, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000, 1, 0x7f7fffff,
  0x4f000000, 0xcf000000, 0x5f000000,
];

const pick = <T>(prng: Prng, list: readonly T[]): T | undefined => list[prng.below(list.length)];

interface Spot {
  readonly field: Field;
  readonly parent: Field[];
  /** The type of the message that holds it. */
  readonly type: string;
}

function spotsOf(fields: Field[], type: string, into: Spot[]): Spot[] {
  for (const field of fields) {
    into.push({ field, parent: fields, type });
    if (field.kind === 'message') spotsOf(field.fields, field.type, into);
  }
  return into;
}

/** One leaf with another value. */
function changeValue(prng: Prng, { field }: Spot, spots: readonly Spot[]): void {
  if (field.kind === 'varint') {
    const near = field.value + BigInt(prng.below(5) - 2);
    field.value = prng.below(2) === 0 ? near : (pick(prng, NUMBERS) ?? 0n);
  } else if (field.kind === 'fixed') {
    const view = new DataView(field.bytes.buffer, field.bytes.byteOffset);
    if (field.bytes.length >= 4) view.setUint32(0, pick(prng, WORDS) ?? prng.word(), true);
  } else if (field.kind === 'bytes') {
    if (field.isText) {
      // The text of another place: a value's name for another's, an operator for another.
      const texts = spots.filter((one) => one.field.kind === 'bytes' && one.field.isText);
      const same = texts.filter((one) => one.field.number === field.number);
      const from = pick(prng, prng.below(3) === 0 ? texts : same)?.field;
      if (from?.kind === 'bytes') field.bytes = from.bytes;
      return;
    }
    const { length } = field.bytes;
    switch (prng.below(3)) {
      case 0:
        field.bytes = field.bytes.slice(0, prng.below(length + 1));
        break;
      case 1:
        field.bytes = new Uint8Array([...field.bytes, ...field.bytes.slice(0, 64)]);
        break;
      default:
        if (length > 0) field.bytes[prng.below(length)] = pick(prng, [0, 1, 127, 128, 255]) ?? 0;
    }
  }
}

/** One change of the tree. */
function changeTree(prng: Prng, tree: Field[], donor: Field[]): void {
  const spots = spotsOf(tree, 'model', []);
  const spot = pick(prng, spots);
  if (spot === undefined) return;
  const at = spot.parent.indexOf(spot.field);
  const leaves = spots.filter(({ field }) => field.kind !== 'message');
  switch (prng.below(12)) {
    case 0:
      spot.parent.splice(at, 1);
      break;
    case 1:
      spot.parent.splice(at, 0, structuredClone(spot.field));
      break;
    case 2: {
      // Something of the same kind from another model.
      const others = spotsOf(donor, 'model', []).filter(
        (one) => one.type === spot.type && one.field.number === spot.field.number,
      );
      const other = pick(prng, others);
      if (other !== undefined) spot.parent[at] = structuredClone(other.field);
      break;
    }
    case 3: {
      const [a, b] = [prng.below(spot.parent.length), prng.below(spot.parent.length)];
      const [x, y] = [spot.parent[a], spot.parent[b]];
      if (x !== undefined && y !== undefined) [spot.parent[a], spot.parent[b]] = [y, x];
      break;
    }
    case 4:
      spot.field.number = 1 + prng.below(26);
      break;
    case 5: {
      // Dimensions, of tensors and of inputs.
      const dims = leaves.filter(
        ({ type, field }) => field.number === 1 && (type === 'tensor' || type === 'dim'),
      );
      const dim = pick(prng, dims);
      if (dim !== undefined) changeValue(prng, dim, spots);
      break;
    }
    case 6: {
      // The opset; another version of an operator, or one that is none.
      const versions = leaves.filter(({ type, field }) => type === 'opset' && field.number === 2);
      const version = pick(prng, versions)?.field;
      if (version?.kind === 'varint') version.value = BigInt(prng.below(30));
      break;
    }
    case 7:
    case 8: {
      // What a node reads, gives or is.
      const texts = leaves.filter(({ type }) => type === 'node');
      const text = pick(prng, texts);
      if (text !== undefined) changeValue(prng, text, spots);
      break;
    }
    case 9: {
      const values = leaves.filter(({ type }) => type === 'attribute' || type === 'tensor');
      const value = pick(prng, values);
      if (value !== undefined) changeValue(prng, value, spots);
      break;
    }
    default: {
      const leaf = pick(prng, leaves);
      if (leaf !== undefined) changeValue(prng, leaf, spots);
    }
  }
}

/** One change of the bytes. */
function changeBytes(prng: Prng, bytes: Uint8Array): Uint8Array {
  const at = prng.below(bytes.length);
  const length = 1 + prng.below(Math.min(32, bytes.length));
  switch (prng.below(6)) {
    case 0:
      return bytes.slice(0, at);
    case 1:
      return new Uint8Array([...bytes.slice(0, at), ...bytes.slice(at + length)]);
    case 2:
      return new Uint8Array([...bytes.slice(0, at + length), ...bytes.slice(at)]);
    case 3: {
      const made = bytes.slice();
      for (let i = 0; i < length && at + i < made.length; i += 1) made[at + i] = prng.below(256);
      return made;
    }
    default: {
      const made = bytes.slice();
      for (let i = 0; i <= prng.below(8); i += 1) {
        const k = prng.below(made.length);
        made[k] = (made[k] ?? 0) ^ (1 << prng.below(8));
      }
      return made;
    }
  }
}

/** A changed model: of `model`, with pieces of `donor`. */
export function mutate(seed: number, model: Uint8Array, donor: Uint8Array): Uint8Array {
  const prng = new Prng(seed);
  let bytes = model;
  if (prng.below(4) !== 0) {
    const tree = parse(model);
    const pieces = parse(donor);
    const changes = 1 + prng.below(prng.below(4) === 0 ? 8 : 2);
    for (let i = 0; i < changes; i += 1) changeTree(prng, tree, pieces);
    bytes = serialize(tree);
    if (prng.below(8) !== 0) return bytes;
  }
  return bytes.length === 0 ? bytes : changeBytes(prng, bytes);
}
