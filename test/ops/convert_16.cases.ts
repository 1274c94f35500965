// Cast to and from float16 and bfloat16 (V9): rounding, subnormals, thresholds, and by way of f32 to other types.
import type { DType } from '../../src/core/dtype.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { nodeCase, type CaseGroup, type OpCase, type Same } from '../harness/cases.ts';
import { floats, Prng } from '../harness/prng.ts';

const CODES = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  uint32: 12,
  bfloat16: 16,
};
type Castable = keyof typeof CODES;

const ofWords = (words: readonly number[]): Float32Array =>
  new Float32Array(Uint32Array.from(words).buffer);

function cast(
  id: string,
  group: CaseGroup,
  from: DType,
  to: Castable,
  data: Float32Array | Uint16Array | readonly (number | bigint)[],
  extra: { expected?: readonly Tensor[]; same?: Same } = {},
): OpCase {
  return nodeCase(
    `convert_16/${id},${from}-${to}`,
    group,
    {
      opType: 'Cast',
      opset: 19,
      attributes: { to: CODES[to] },
      inputs: [{ dtype: from, dims: [data.length], data }],
    },
    extra,
  );
}

const halves = (dtype: 'float16' | 'bfloat16', bits: readonly number[]): Tensor =>
  new Tensor(dtype, Uint16Array.from(bits), [bits.length]);

// 1, 1 + 2^-11 (a tie, to even), one word more, 1 + 3 · 2^-11 (a tie, up), 65504, 65519.996, 65520 (a tie, to infinity).
const TIES_F16 = [
  0x3f800000, 0x3f801000, 0x3f801001, 0x3f803000, 0x477fe000, 0x477fefff, 0x477ff000,
];
// The same for bf16, and its largest numbers: the tie between the last and infinity.
const TIES_BF16 = [
  0x3f800000, 0x3f808000, 0x3f808001, 0x3f818000, 0x7f7f0000, 0x7f7f7fff, 0x7f7f8000,
];
// 2^-24, its half (a tie, to 0), one word more, 1.5 · 2^-24 (a tie, up), the largest subnormal and what rounds up from it.
const SMALL_F16 = [
  0x33800000, 0x33000000, 0x33000001, 0x33c00000, 0x387fc000, 0x387fe000, 0x387fffff,
];
// Both sides of T, the least f32, zeros, NaNs with payloads, infinities, the largest f32.
const EDGES = [
  0x037fffff, 0x03800000, 0x03808000, 0x83800001, 0x00000001, 0x80000000, 0x00000000, 0x7fc00001,
  0xffc12345, 0x7f800001, 0x7f800000, 0xff800000, 0x7f7fffff, 0xff7fffff, 0x32ffffff, 0xb3000000,
  0xb3000001,
];
const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
const random = (seed: number, n: number): Float32Array => {
  const prng = new Prng(seed);
  // Exponents from below the least f16 to above the largest.
  const word = (): number => ((100 + prng.below(46)) << 23) | (prng.word() & 0x807fffff);
  return ofWords(Array.from({ length: n }, () => word() >>> 0));
};
const one = random(3, 517);
const rest = random(4, 100);

export const cases: readonly OpCase[] = [
  cast('ties', 'defined', 'float32', 'float16', ofWords(TIES_F16), {
    expected: [halves('float16', [0x3c00, 0x3c00, 0x3c01, 0x3c02, 0x7bff, 0x7bff, 0x7c00])],
  }),
  cast('ties', 'defined', 'float32', 'bfloat16', ofWords(TIES_BF16), {
    expected: [halves('bfloat16', [0x3f80, 0x3f80, 0x3f81, 0x3f82, 0x7f7f, 0x7f7f, 0x7f80])],
  }),
  cast('subnormal', 'defined', 'float32', 'float16', ofWords(SMALL_F16), {
    expected: [halves('float16', [1, 0, 1, 2, 0x03ff, 0x0400, 0x0400])],
  }),
  cast('edges', 'edges', 'float32', 'float16', ofWords(EDGES)),
  cast('edges', 'edges', 'float32', 'bfloat16', ofWords(EDGES)),
  cast('all', 'edges', 'float16', 'float32', all),
  cast('all', 'edges', 'bfloat16', 'float32', all),
  cast('empty', 'edges', 'float32', 'float16', new Float32Array(0)),
  cast('one', 'edges', 'float32', 'bfloat16', ofWords([0x3f800000])),
  cast('one', 'edges', 'bfloat16', 'float32', Uint16Array.of(0x3f80)),
  cast(
    'integers',
    'edges',
    'int32',
    'float16',
    [0, -1, 2049, 65519, 65520, -2147483648, 2147483647],
  ),
  cast('integers', 'edges', 'int64', 'bfloat16', [0n, -257n, 16842753n, 9223372036854775807n]),
  cast(
    'integers',
    'edges',
    'float16',
    'int64',
    Uint16Array.of(0, 0x3e00, 0xbe00, 0x7bff, 0x7c00, 0x7e00),
  ),
  cast('integers', 'edges', 'bfloat16', 'int32', Uint16Array.of(0, 0x3fc0, 0xff80, 0x7fc0, 0x4f00)),
  cast('bool', 'edges', 'float16', 'bool', Uint16Array.of(0, 0x8000, 1, 0x7e00, 0x3c00)),
  cast('bool', 'edges', 'bool', 'float16', [0, 1, 1]),
  cast('all', 'random', 'float16', 'bfloat16', all),
  cast('all', 'random', 'bfloat16', 'float16', all),
  cast('random', 'random', 'float32', 'float16', random(1, 4099)),
  cast('random', 'random', 'float32', 'bfloat16', random(2, 4099)),
  cast('special', 'random', 'float32', 'float16', floats(5, 1031, 'special')),
  cast('wide', 'random', 'float32', 'bfloat16', floats(6, 1031, 'wide')),
  cast('alone', 'invariance', 'float32', 'float16', one, { same: { key: 'f16', to: 517 } }),
  cast('first', 'invariance', 'float32', 'float16', Float32Array.from([...one, ...rest]), {
    same: { key: 'f16', to: 517 },
  }),
  cast('behind', 'invariance', 'float32', 'float16', Float32Array.from([...rest, ...one]), {
    same: { key: 'f16', from: 100, to: 617 },
  }),
];
