// Faults planted in the shaders, one a mutant, as edits of their texts; the tests must notice every one
// (docs/NUMERICS.md, M1). `stems` are the case files that must; where compilers of this machine happen to keep a
// fault's bits (none of them fuses a product and a sum, none takes a running sum apart), the lint over shaders must.
// No mutant of the C core.
import type { ShaderEdit } from '../../scripts/wgsl_plugin.ts';

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
}

const edit = (file: string, find: string, replace: string): ShaderEdit => ({ file, find, replace });

/** bar, bar_bits and bar4 return what they are given. */
export const noBarrier: readonly ShaderEdit[] = [
  edit('math/barrier', 'return bitcast<f32>(bitcast<u32>(v) | opaque_zero);', 'return v;'),
  edit('math/barrier', 'return bitcast<u32>(v) | opaque_zero;', 'return bitcast<u32>(v);'),
  edit(
    'math/product',
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

export const mutants: readonly Mutant[] = [
  cases(
    'tiles: groups of 32 terms',
    ['mat_mul'],
    edit(
      'ops/mat_mul_strided',
      '& 63u) < 1u) {\n      tile_close',
      '& 31u) < 1u) {\n      tile_close',
    ),
  ),
  cases(
    'convolution: groups of 32 terms',
    ['conv'],
    edit('ops/conv_taps', '& 63u) < 1u) {\n      tile_close', '& 31u) < 1u) {\n      tile_close'),
  ),
  cases(
    'reductions: groups of 32 terms',
    ['reduce'],
    edit('math/fold', 'RADIX: u32 = 64u', 'RADIX: u32 = 32u'),
    edit('ops/reduce', 'RADIX - 1u) >> 6u', 'RADIX - 1u) >> 5u'),
  ),
  cases(
    'second level of the tree closed early',
    ['mat_mul'],
    edit('math/product_tile', '(terms & 4095u)', '(terms & 2047u)'),
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
    'dot products without the canonical store',
    ['mat_mul', 'conv'],
    edit('math/product', 'flush_below(bitcast<u32>(sum), CANONICAL_LIMIT)', 'bitcast<u32>(sum)'),
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
    edit('math/product', 'if (largest >= OPERAND_LIMIT || terms', 'if (terms'),
  ),
  cases(
    'products: the flag of infinities and NaN only',
    ['mat_mul'],
    edit('math/product', 'OPERAND_LIMIT: u32 = 0x58800000u', 'OPERAND_LIMIT: u32 = 0x7f800000u'),
  ),
  cases(
    'products: the flag of NaN only',
    ['mat_mul'],
    edit('math/product', 'largest >= OPERAND_LIMIT ||', 'largest > INFINITY_BITS ||'),
  ),
  {
    name: 'sums without the flag',
    edits: [edit('ops/reduce', 'if (OP < FOLD_PROD && largest', 'if (OP < FOLD_SUM && largest')],
    killer: 'notes',
    stems: ['reduce'],
  },
  cases(
    'a stale row of the tile',
    ['mat_mul'],
    edit(
      'ops/mat_mul_strided',
      'sh_tile[tile_left(at.x, at.y)] = vector;',
      'if (start < 1u || at.y > 0u) { sh_tile[tile_left(at.x, at.y)] = vector; }',
    ),
  ),
  cases(
    'a tap of the padding read',
    ['conv'],
    edit('ops/conv_taps', 'at.z < params.height && at.w < params.width', 'at.z < params.height'),
  ),
  lint(
    'a product fused into its sum',
    edit('math/product', 'bar4(sum + bar4(a * b))', 'bar4(sum + a * b)'),
  ),
  lint(
    'a product fused into its sum, as fma',
    edit('math/product', 'bar4(sum + bar4(a * b))', 'bar4(fma(a, vec4<f32>(b), sum))'),
  ),
  lint('a sum outside the barrier', edit('math/product', 'return bar4(a + b);', 'return a + b;')),
];
