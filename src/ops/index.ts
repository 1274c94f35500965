// The operators: one line a family file, alphabetical. An operator is every export that is an OpDef.
import type { OpDef } from '../core/op.ts';
import { withFloat16 } from './float16.ts';
import * as activation from './activation.ts';
import * as arithmetic from './arithmetic.ts';
import * as attention from './attention.ts';
import * as attention_ms from './attention_ms.ts';
import * as batch_normalization from './batch_normalization.ts';
import * as blocks from './blocks.ts';
import * as cast from './cast.ts';
import * as comparison from './comparison.ts';
import * as concat from './concat.ts';
import * as conv from './conv.ts';
import * as conv_transpose from './conv_transpose.ts';
import * as einsum from './einsum.ts';
import * as elementwise from './elementwise.ts';
import * as elementwise_math from './elementwise_math.ts';
import * as flex_attention from './flex_attention.ts';
import * as fourier from './fourier.ts';
import * as fused from './fused.ts';
import * as fused_normalization from './fused_normalization.ts';
import * as gather from './gather.ts';
import * as gather_blocks from './gather_blocks.ts';
import * as gelu_ms from './gelu_ms.ts';
import * as generate from './generate.ts';
import * as grid_sample from './grid_sample.ts';
import * as group_query from './group_query.ts';
import * as integer from './integer.ts';
import * as integer_float from './integer_float.ts';
import * as linear_attention from './linear_attention.ts';
import * as loss from './loss.ts';
import * as mask from './mask.ts';
import * as mat_mul from './mat_mul.ts';
import * as ml from './ml.ts';
import * as multi_head from './multi_head.ts';
import * as n_bits from './n_bits.ts';
import * as normalization from './normalization.ts';
import * as order from './order.ts';
import * as pad from './pad.ts';
import * as pool from './pool.ts';
import * as qlinear from './qlinear.ts';
import * as quantize from './quantize.ts';
import * as random from './random.ts';
import * as recurrent from './recurrent.ts';
import * as reduce from './reduce.ts';
import * as regions from './regions.ts';
import * as reshape from './reshape.ts';
import * as resize from './resize.ts';
import * as rotary from './rotary.ts';
import * as scatter from './scatter.ts';
import * as slice from './slice.ts';
import * as softmax from './softmax.ts';
import * as state from './state.ts';
import * as training from './training.ts';
import * as transpose from './transpose.ts';
import * as window_functions from './window_functions.ts';

const FAMILIES: readonly Readonly<Record<string, unknown>>[] = [
  activation,
  arithmetic,
  attention,
  attention_ms,
  batch_normalization,
  blocks,
  cast,
  comparison,
  concat,
  conv,
  conv_transpose,
  einsum,
  elementwise,
  elementwise_math,
  flex_attention,
  fourier,
  fused,
  fused_normalization,
  gather,
  gather_blocks,
  gelu_ms,
  generate,
  grid_sample,
  group_query,
  integer,
  integer_float,
  linear_attention,
  loss,
  mask,
  mat_mul,
  ml,
  multi_head,
  n_bits,
  normalization,
  order,
  pad,
  pool,
  qlinear,
  quantize,
  random,
  recurrent,
  reduce,
  regions,
  reshape,
  resize,
  rotary,
  scatter,
  slice,
  softmax,
  state,
  training,
  transpose,
  window_functions,
];

function isOpDef(value: unknown): value is OpDef {
  return typeof value === 'object' && value !== null && 'lower' in value && 'infer' in value;
}

const byName = new Map<string, OpDef[]>();
for (const family of FAMILIES) {
  for (const value of Object.values(family)) {
    if (!isOpDef(value)) continue;
    const key = `${value.domain ?? ''}:${value.type}`;
    byName.set(key, [...(byName.get(key) ?? []), withFloat16(value)]);
  }
}

/** Finds operators for `checkGraph`. */
export const registry = {
  find: (domain: string, type: string, opset: number): OpDef | undefined =>
    byName
      .get(`${domain}:${type}`)
      ?.find((def) => def.opsets[0] <= opset && opset <= def.opsets[1]),
  ranges: (domain: string, type: string): (readonly [number, number])[] =>
    (byName.get(`${domain}:${type}`) ?? []).map((def) => def.opsets),
  /** Every operator, sorted by domain and name. */
  all: (): OpDef[] => [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, defs]) => defs),
};
