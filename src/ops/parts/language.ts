// Attention, rotary positions, states and the normalisations of language models.
// One line a family file, alphabetical.
import { operatorsOf } from '../operators_of.ts';
import * as attention from '../attention.ts';
import * as attention_ms from '../attention_ms.ts';
import * as flex_attention from '../flex_attention.ts';
import * as fused from '../fused.ts';
import * as fused_normalization from '../fused_normalization.ts';
import * as gelu_ms from '../gelu_ms.ts';
import * as group_query from '../group_query.ts';
import * as linear_attention from '../linear_attention.ts';
import * as multi_head from '../multi_head.ts';
import * as rotary from '../rotary.ts';
import * as state from '../state.ts';

export const operators = operatorsOf([
  attention,
  attention_ms,
  flex_attention,
  fused,
  fused_normalization,
  gelu_ms,
  group_query,
  linear_attention,
  multi_head,
  rotary,
  state,
]);
