// Faults in the C core, which is built anew for each. Operator cases on the reference must notice them by the goldens,
// those of elementary functions the oracle of test:math.
import { byCases, byTest, edit, type Mutant } from './mutant.ts';

const canonical = 'wasm/canonical.h';
const fold = 'wasm/fold.h';
const tile = 'wasm/tile.h';

const byOracle = (
  name: string,
  oracle: string,
  file: string,
  from: string,
  to: string,
): Mutant => ({
  name,
  edits: [edit(file, from, to)],
  killer: { kind: 'math', name: oracle },
});

/** `wasm_f32x4_add(sum, product)` as four fused operations. */
const fused = [0, 1, 2, 3].map((lane) => {
  const of = (vector: string): string => `wasm_f32x4_extract_lane(${vector}, ${lane})`;
  return `__builtin_fmaf(${of('w')}, ${of('x[v]')}, ${of('s[r * vectors + v]')})`;
});

export const coreMutants: readonly Mutant[] = [
  byTest(
    'threads: a unit that nobody computes',
    'unit/threads.test.ts',
    'threads of any number give the same bits',
    edit('wasm/team.c', 'begin, begin + take, scratch)', 'begin, begin + take - 1, scratch)'),
  ),
  byCases('radix 32 in place of 64', ['mat_mul'], [edit(canonical, 'RADIX 64u', 'RADIX 32u')]),
  byCases(
    'the flush threshold one word higher',
    ['elementwise'],
    [edit(canonical, 'LIMIT 0x03800000u', 'LIMIT 0x03800001u')],
  ),
  byCases(
    'the flush threshold one word lower',
    ['elementwise'],
    [edit(canonical, 'LIMIT 0x03800000u', 'LIMIT 0x037fffffu')],
  ),
  byCases(
    'operands of products flushed one word later',
    ['mat_mul'],
    [edit(canonical, 'LIMIT 0x26000000u', 'LIMIT 0x25ffffffu')],
  ),
  byCases(
    'summands flushed one word later',
    ['reduce'],
    [edit(canonical, 'LIMIT 0x0c800000u', 'LIMIT 0x0c7fffffu')],
  ),
  byCases(
    '-0 kept',
    ['elementwise'],
    [
      edit(
        canonical,
        'v128_t kept = wasm_i32x4_gt(magnitude, wasm_i32x4_splat((i32)limit - 1));',
        'v128_t kept = wasm_v128_or(wasm_i32x4_gt(magnitude, wasm_i32x4_splat((i32)limit - 1)), wasm_i32x4_eq(magnitude, wasm_i32x4_splat(0)));',
      ),
    ],
  ),
  byCases(
    'a NaN payload kept',
    ['elementwise'],
    [
      edit(
        canonical,
        'bitselect(wasm_i32x4_splat((i32)CANONICAL_NAN), kept_x4(x, magnitude, limit),',
        'bitselect(x, kept_x4(x, magnitude, limit),',
      ),
    ],
  ),
  byCases(
    'products fused with their sum',
    ['mat_mul'],
    [
      edit(
        tile,
        'wasm_f32x4_add(s[r * vectors + v], wasm_f32x4_mul(w, x[v]));',
        `wasm_f32x4_make(${fused.join()});`,
      ),
    ],
  ),
  byCases(
    'a third level of a sum begun too early',
    ['mat_mul'],
    [edit(tile, '++group < RADIX &&', '++group < RADIX / 2 &&')],
  ),
  byCases(
    'a sum reassociated: the last terms of a group first',
    ['reduce'],
    [
      edit(
        fold,
        'for (const u32 end = n - i < RADIX ? n : i + RADIX; i < end; i++)\n      fold_step(op, &sum, &odd, fold_term(op, wasm_v128_load32_zero(x + i)));',
        'const u32 from = i;\n    for (const u32 end = n - i < RADIX ? n : i + RADIX; i < end; i++)\n      fold_step(op, &sum, &odd, fold_term(op, wasm_v128_load32_zero(x + (from + end - 1 - i))));',
      ),
    ],
  ),
  byCases(
    'a maximum that loses a NaN',
    ['reduce'],
    [edit(fold, '? wasm_v128_or(value, odd) : value', '? value : wasm_v128_or(value, odd)')],
  ),
  byCases(
    'stale rows: a block of A packed once for all',
    ['mat_mul'],
    [edit('wasm/ops/mat_mul.c', 'if (unit / column_blocks != packed)', 'if (packed == ~0u)')],
  ),
  byCases(
    'one row: panels of a tile stored side by side, wherever they lie',
    ['mat_mul'],
    [
      edit(
        'wasm/tile.h',
        'to + r * pitch + v / 2 * apart + 4 * (v % 2)',
        'to + r * pitch + v / 2 * (apart > PANEL ? PANEL : apart) + 4 * (v % 2)',
      ),
    ],
  ),
  byCases(
    'one row: blocks of columns joined across two matrices',
    ['mat_mul'],
    [edit('wasm/ops/mat_mul.c', '(unit + blocks) % column_blocks != 0', '1')],
  ),
  byCases(
    'a scalar of a chain that stays as it was loaded',
    ['elementwise'],
    [
      edit(
        'wasm/chain.c',
        'run_step(step_canonical, &plan->at[slot], 1, 4, 0, &plan->words[canonical], &plan->at[canonical]);',
        'plan->at[canonical] = plan->at[slot];',
      ),
    ],
  ),
  byCases(
    'a flipped bit in a packed weight',
    ['mat_mul'],
    [
      edit(
        'wasm/panels.c',
        'c < width ? flush_product(b[k * row_stride + c * column_stride]) : 0.0f;',
        'c < width ? flush_product(f32_of(bits_of(b[k * row_stride + c * column_stride]) ^ (c == 1))) : 0.0f;',
      ),
    ],
  ),
  byCases(
    'columns packed on the way from the place of packed ones',
    ['mat_mul'],
    [edit('wasm/ops/mat_mul.c', '(is_packed ? p->k : p->b_column_stride)', 'p->k')],
  ),
  byCases(
    'a wrong pad tap',
    ['conv'],
    [
      edit(
        'wasm/window.h',
        '(-at + (i32)stride - 1) / (i32)stride',
        '(-at + (i32)stride - 1) / (i32)stride - 1',
      ),
    ],
  ),
  byCases(
    'a window counted with its padding',
    ['pool'],
    [edit('wasm/ops/pool.c', ': taps_inside(p, 0, start[0]) *', ': taps_inside(p, 0, 0) *')],
  ),
  byCases(
    'wrong tie: TopK takes the later of equals',
    ['order'],
    [edit('wasm/ops/top_k.c', 'a.index < b.index', 'a.index > b.index')],
  ),
  byCases(
    'wrong tie: ArgMax takes the later of equals',
    ['order'],
    [edit('wasm/ops/arg_max.c', '(p->last && key == best_key)', '(!p->last && key == best_key)')],
  ),
  byCases(
    'CumSum not canonical in between',
    ['order'],
    [
      edit(
        'wasm/ops/cum_sum.c',
        'canonical(p->product ? sum * x : sum + x)',
        '(p->product ? sum * x : sum + x)',
      ),
    ],
  ),
  byCases(
    'a rotation whose products are not canonical',
    ['rotary'],
    [
      edit(
        'wasm/ops/rotate_pairs.c',
        'wasm_f32x4_add(product_x4(s, x1), product_x4(c, x2))',
        'wasm_f32x4_add(wasm_f32x4_mul(s, x1), product_x4(c, x2))',
      ),
    ],
  ),
  byCases(
    'a rotation whose last pairs of a row are neighbours',
    ['rotary'],
    [edit('wasm/ops/rotate_pairs.c', '? first + 1 : i + half', '? first + 1 : i + 1')],
  ),
  byCases(
    'rows of the past behind those that are filled',
    ['group_query'],
    [edit('wasm/ops/append_rows.c', 'filled < p->past ? filled : p->past', 'p->past')],
  ),
  byCases(
    'new rows in places that do not follow from how many are filled',
    ['group_query'],
    [edit('wasm/ops/append_rows.c', 'p->rows + row - filled)', 'p->rows + row % p->rows)')],
  ),
  byCases(
    'Softmax by a product with 1 / s',
    ['softmax'],
    [edit('wasm/ops/softmax.c', 'canonical(y[i] / sum)', 'canonical(y[i] * (1.0f / sum))')],
  ),
  byCases(
    'Round takes ties up',
    ['elementwise'],
    [
      edit(
        'wasm/chain_steps.h',
        'wasm_f32x4_nearest(a)',
        'wasm_f32x4_floor(wasm_f32x4_add(a, wasm_f32x4_splat(0.5f)))',
      ),
    ],
  ),
  byCases(
    'an int64 quotient rounded down',
    ['elementwise_i64'],
    [
      edit(
        'wasm/ops/elementwise_i64.c',
        ': a / b; }',
        ': a / b - (a % b != 0 && (a < 0) != (b < 0)); }',
      ),
    ],
  ),
  byCases(
    'an update that another overwrites wins',
    ['scatter'],
    [
      edit(
        'wasm/ops/scatter_order.c',
        'if (!outside) winner',
        'if (!outside && winner[slot] == 0) winner',
      ),
    ],
  ),
  byOracle(
    'exp off by one last place in one input',
    'exp',
    'wasm/math/exp.c',
    'return with_nan(flush_lanes(y), x);',
    'y = (f32x4)((i32x4)y - ((i32x4)x == 0x343fffff));\n  return with_nan(flush_lanes(y), x);',
  ),
  byOracle(
    'exp: lanes near a tie not taken up',
    'exp',
    'wasm/math/exp.c',
    'if (__builtin_expect(any_true(undecided), 0))',
    'if (0)',
  ),
  byOracle(
    'a carry of u32 dropped',
    'exp',
    'shaders/math/limbs.wgsl',
    'return U64(lo, a.hi + b.hi + select(0u, 1u, lo < a.lo));',
    'return U64(lo, a.hi + b.hi);',
  ),
];
