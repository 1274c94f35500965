// Faults planted in the shaders, one a mutant, as edits of their texts; the tests must notice every one
// (docs/NUMERICS.md, M1). `stems` are the case files that must; where compilers of this machine happen to keep a
// fault's bits (none of them fuses a product and a sum, none takes a running sum apart), the lint over shaders must.
// No mutant of the C core.
import type { ShaderEdit } from '../../scripts/wgsl_plugin.ts';
import { DEFAULT_TILES, type Tiles } from '../../src/core/tiles.ts';

export interface Mutant {
  readonly name: string;
  readonly edits: readonly ShaderEdit[];
  /**
   * `cases`: a stack gives other digests than the goldens; `notes`: a node that the reference must recompute is not
   * (a device that follows IEEE-754 beyond what WGSL asks has the right bits all the same); `lint`: scripts/wgsl_lint.ts
   * objects.
   */
  readonly killer: 'cases' | 'notes' | 'lint';
  readonly stems: readonly string[];
  /** Only these cases of the stems. */
  readonly ids?: readonly string[];
  /** What plans are made with, where the device would choose others. */
  readonly tiles?: Tiles;
  /** Whether shaders use dot4I8Packed, where the device would not. */
  readonly packedDots?: boolean;
}

const edit = (file: string, find: string, replace: string): ShaderEdit => ({ file, find, replace });

/** bar_bits and bar4 return what they are given. */
export const noBarrier: readonly ShaderEdit[] = [
  edit('math/rounded_words', 'return bitcast<u32>(v) | opaque_zero;', 'return bitcast<u32>(v);'),
  edit(
    'math/rounded_words',
    'return bitcast<vec4<f32>>(bitcast<vec4<u32>>(v) | vec4<u32>(opaque_zero));',
    'return v;',
  ),
];

const cases = (name: string, stems: readonly string[], ...edits: ShaderEdit[]): Mutant => ({
  name,
  edits,
  killer: 'cases',
  stems,
});
const lint = (name: string, ...edits: ShaderEdit[]): Mutant => ({
  name,
  edits,
  killer: 'lint',
  stems: [],
});

const arith = 'math/arith';
const shorterGroups = edit('math/fold', 'RADIX: u32 = 64u', 'RADIX: u32 = 32u');
/** The same edit of both forms of a block of dot products. */
const blocks = (find: string, replace: string): ShaderEdit[] =>
  ['math/product_4x8', 'math/product_8x8'].map((file) => edit(file, find, replace));

export const mutants: readonly Mutant[] = [
  cases(
    'products: groups of 32 terms',
    ['mat_mul'],
    ...blocks('start += 64u', 'start += 32u'),
    ...blocks('min(start + 64u,', 'min(start + 32u,'),
  ),
  cases(
    'products: second level closed early',
    ['mat_mul'],
    ...blocks('(terms & 4095u)', '(terms & 2047u)'),
  ),
  cases(
    'products: an odd last term twice',
    ['mat_mul'],
    edit(
      'math/product_4x8',
      'masked(block_left_low_odd(next), k + 1u < end)',
      'block_left_low_odd(next)',
    ),
  ),
  {
    ...cases(
      'thin products: second level closed early',
      ['mat_mul'],
      edit('ops/mat_mul_thin', '& 4095u) < 1u', '& 2047u) < 1u'),
    ),
    tiles: DEFAULT_TILES,
  },
  cases(
    'depthwise convolution: groups of 32 terms',
    ['conv'],
    edit('ops/conv_direct', '(terms & 63u)', '(terms & 31u)'),
  ),
  cases(
    'reductions: groups of 32 terms',
    ['reduce'],
    shorterGroups,
    edit('ops/reduce', 'RADIX - 1u) >> 6u', 'RADIX - 1u) >> 5u'),
    edit('ops/reduce_lanes', 'RADIX - 1u) >> 6u', 'RADIX - 1u) >> 5u'),
  ),
  cases(
    'softmax: groups of 32 terms',
    ['softmax'],
    shorterGroups,
    edit('ops/softmax', '(k & 63u)', '(k & 31u)'),
    edit('ops/softmax_lanes', 'RADIX - 1u) >> 6u', 'RADIX - 1u) >> 5u'),
  ),
  cases(
    'pooling: groups of 32 terms',
    ['pool'],
    shorterGroups,
    edit('ops/pool', '(tap & 63u)', '(tap & 31u)'),
  ),
  cases('T one word higher', ['elementwise'], edit(arith, '0x03800000u', '0x03800001u')),
  cases('T one word lower', ['elementwise'], edit(arith, '0x03800000u', '0x037fffffu')),
  cases('2^-51 one word higher', ['mat_mul'], edit(arith, '0x26000000u', '0x26000001u')),
  cases('2^-51 one word lower', ['mat_mul'], edit(arith, '0x26000000u', '0x25ffffffu')),
  cases('2^-102 one word higher', ['reduce'], edit(arith, '0x0c800000u', '0x0c800001u')),
  cases('2^-102 one word lower', ['reduce'], edit(arith, '0x0c800000u', '0x0c7fffffu')),
  cases(
    'Add without the canonical store',
    ['elementwise'],
    edit(
      arith,
      'select((sum & SIGN_BIT) | magnitude, 0u, magnitude < CANONICAL_LIMIT)',
      '(sum & SIGN_BIT) | magnitude',
    ),
  ),
  cases(
    'Mul without the canonical store: -0 kept',
    ['elementwise'],
    edit(
      arith,
      'let finite = select(sign | magnitude, 0u, magnitude < CANONICAL_LIMIT)',
      'let finite = sign | magnitude',
    ),
  ),
  cases(
    'products without the canonical store',
    ['mat_mul'],
    edit(
      'math/product',
      'select(bits, vec4<u32>(), (bits & vec4<u32>(MAGNITUDE_BITS)) < vec4<u32>(CANONICAL_LIMIT))',
      'bits',
    ),
  ),
  cases(
    'the sign of a flushed number kept',
    ['elementwise'],
    edit(
      arith,
      'select(x, 0u, (x & MAGNITUDE_BITS) < limit)',
      'select(x, x & SIGN_BIT, (x & MAGNITUDE_BITS) < limit)',
    ),
  ),
  cases(
    'the payload of a NaN kept',
    ['elementwise'],
    edit(arith, 'select(flush_below(x, limit), CANONICAL_NAN,', 'select(flush_below(x, limit), x,'),
  ),
  cases(
    'products without the flag',
    ['mat_mul'],
    edit('math/product', '>= OPERAND_LIMIT ||', '>= 0xffffffffu ||'),
  ),
  cases(
    'products: the flag of infinities and NaN only',
    ['mat_mul'],
    edit('math/product', 'OPERAND_LIMIT: u32 = 0x58800000u', 'OPERAND_LIMIT: u32 = 0x7f800000u'),
  ),
  cases(
    'products: the flag of NaN only',
    ['mat_mul'],
    edit('math/product', '>= OPERAND_LIMIT ||', '> INFINITY_BITS ||'),
  ),
  {
    name: 'sums without the flag',
    edits: [
      edit('ops/reduce_terms', 'if (OP < FOLD_PROD && largest', 'if (OP < FOLD_SUM && largest'),
    ],
    killer: 'notes',
    stems: ['reduce'],
    ids: ['reduce/ReduceSum data=special'],
  },
  cases(
    'the last row taken for the one before',
    ['mat_mul'],
    edit('ops/mat_mul_strided', 'vec4<u32>(params.m - 1u)', 'vec4<u32>(params.m - 2u)'),
  ),
  cases(
    'halves: the other one of a word',
    ['weights_16'],
    edit(
      'math/halves',
      '(at & vec4<u32>(1u)) < vec4<u32>(1u)',
      '(at & vec4<u32>(1u)) > vec4<u32>()',
    ),
  ),
  cases(
    'halves: the two of a word exchanged',
    ['weights_16'],
    edit(
      'math/halves',
      'vec4<u32>(x << 16u, x, z << 16u, z)',
      'vec4<u32>(x, x << 16u, z, z << 16u)',
    ),
  ),
  cases(
    'halves: subnormal numbers that keep half a leading bit',
    ['weights_16'],
    edit('math/halves', 'vec4<u32>(0xb8800000u)', 'vec4<u32>(0xb8000000u)'),
  ),
  cases(
    'halves: infinities without the flag',
    ['weights_16'],
    edit('math/product', ' || special > 0u', ''),
  ),
  cases(
    'halves: pairs stored where single columns are',
    ['weights_16'],
    edit('ops/mat_mul_strided', '+ (i & 1u), B_PAIRS)', '+ (i & 1u), false)'),
  ),
  cases(
    'dots: the upper two bytes of a word exchanged',
    ['integer'],
    edit(
      'math/dot',
      '(words >> vec4<u32>(16u)) & low, words >> vec4<u32>(24u)',
      'words >> vec4<u32>(24u), (words >> vec4<u32>(16u)) & low',
    ),
  ),
  cases(
    'dots: a window that moves by two read as by one',
    ['integer'],
    edit('math/dot', 'vec4<u32>(x.xz, y.xz)', 'vec4<u32>(x.xy, y.xz)'),
  ),
  {
    ...cases(
      'dots, packed: channels exchanged',
      ['integer'],
      edit('math/dot_packed', '(ab02 & low) | (cd02 << 16u)', '(cd02 & low) | (ab02 << 16u)'),
    ),
    packedDots: true,
  },
  {
    ...cases(
      'dots, packed: a window that moves by one read as by two',
      ['integer'],
      edit('math/dot_packed', '(a >> 8u) | (b << 24u), ', '(a >> 16u) | (b << 16u), '),
    ),
    packedDots: true,
  },
  cases(
    'integer product: the sum of a line left out where zero points are',
    ['integer'],
    edit('ops/integer_dot', '* left_zero - left_sum)', '* left_zero)'),
  ),
  cases(
    'integer convolution: taps outside the input as zeros',
    ['integer'],
    edit('ops/integer_dot_conv', 'filler = vec3<u32>(outside) & ~inside;', 'filler = vec3<u32>();'),
  ),
  cases(
    'integer convolution: sums of windows with what lies behind the kernel',
    ['integer'],
    edit(
      'ops/integer_dot_conv',
      'ones = 0x01010101u >> (8u * (4u - count));',
      'ones = 0x01010101u;',
    ),
  ),
  cases(
    'integer convolution, 1 x 1: zero points of filters left out',
    ['integer'],
    edit('ops/integer_dot_conv_plain', '- sums * filter_zero', '- sums'),
  ),
  cases(
    'packing bytes: runs that do not begin a word',
    ['integer'],
    edit('ops/integer_dot_pack', 'let left = params.run - term;', 'let left = 4u;'),
  ),
  cases(
    'halves: the first term of a filter twice',
    ['weights_16'],
    edit(
      'ops/conv_taps',
      'half4(pairs_low, W_STORED), half',
      'half4(pairs_low << vec4<u32>(16u), W_STORED), half',
    ),
  ),
  cases(
    'halves: the first term of four filters twice',
    ['weights_16'],
    edit(
      'ops/conv_taps',
      'return half4(pairs_low, W_STORED);',
      'return half4(pairs_low << vec4<u32>(16u), W_STORED);',
    ),
  ),
  cases(
    'halves: the first term of a row on the left twice',
    ['weights_16'],
    edit(
      'ops/mat_mul_strided',
      'half4(pairs_low, A_STORED), half',
      'half4(pairs_low << vec4<u32>(16u), A_STORED), half',
    ),
  ),
  cases(
    'halves: depthwise, the other one of a word',
    ['weights_16'],
    edit('math/halves', '(at & 1u) < 1u', '(at & 1u) > 0u'),
  ),
  cases(
    'halves: depthwise, infinities without the flag',
    ['weights_16'],
    edit('math/halves', '(word & 0x7c007c00u) + 0x04000400u', 'word & 0x7c007c00u'),
  ),
  cases(
    'rotation: the second of two pairs left out at the end of a row',
    ['rotary'],
    edit('ops/rotate_pairs', 'if (i + 1u < params.half)', 'if (i + 2u < params.half)'),
  ),
  cases(
    'rotation: the heads of queries read for those of keys',
    ['group_query'],
    edit('ops/rotate_pairs', 'let x = params.offset + steps.x', 'let x = steps.x'),
  ),
  cases(
    'appended rows: what lies behind a past that is shorter than what is filled',
    ['group_query'],
    edit('ops/append_rows', 'select(ZERO, PAST, p < params.past)', 'PAST'),
  ),
  cases(
    'appended rows: narrow elements from the beginning of their word',
    ['group_query'],
    edit('ops/append_rows', ', at >> log2_count) >> part;', ', at >> log2_count);'),
  ),
  cases(
    'a tap of the padding read',
    ['conv'],
    edit('ops/conv_taps', 'inside = inside & (y < vec4<u32>(params.height));', ''),
  ),
  lint(
    'a product fused into its sum',
    edit('math/rounded', 'bar4(sum + bar4(a * b))', 'bar4(sum + a * b)'),
  ),
  lint(
    'a product fused into its sum, as fma',
    edit('math/rounded', 'bar4(sum + bar4(a * b))', 'bar4(fma(a, vec4<f32>(b), sum))'),
  ),
  lint('a sum outside the barrier', edit('math/rounded', 'return bar4(a + b);', 'return a + b;')),
];
