// Attention of ai.onnx, as its section of docs/NUMERICS.md writes it, row by row.
import * as f from '../float.ts';
import {
  attend,
  behind,
  capped,
  headsOf3,
  headsOf4,
  inverseRootOf,
  mapRows,
  tensorOfHeads,
  tensorOfRows,
  type Heads,
} from '../heads.ts';
import { at, broadcastTo, floatOf, inputOf, intOf, tensorOf } from '../node.ts';
import type { OracleNode, OracleOperator, OracleTensor } from '../types.ts';
import { wide } from '../wide.ts';

const masked = (isSeen: boolean): number => (isSeen ? f.kZero : f.kMinusInfinity);

/** The mask as words [batch, heads, rows, keys]: bool gives 0 or −∞, short masks are filled with −∞. */
function maskOf(node: OracleNode, whole: readonly number[]): number[] | undefined {
  const mask = node.inputs[3];
  if (mask === undefined) return undefined;
  const keys = at(whole, 3);
  const has = at(mask.dims, mask.dims.length - 1);
  const words = mask.data.map((x) => (mask.dtype === 'bool' ? masked(Number(x) !== 0) : Number(x)));
  const fills = has < keys && (node.opset >= 24 || has !== 1);
  const width = fills ? keys : has;
  const data: number[] = [];
  for (let row = 0; row * has < words.length; row += 1) {
    for (let j = 0; j < width; j += 1) {
      data.push(j < has ? at(words, row * has + j) : f.kMinusInfinity);
    }
  }
  const filled: OracleTensor = {
    dtype: 'float32',
    dims: [...mask.dims.slice(0, -1), width],
    data,
  };
  return broadcastTo(filled, whole).map(Number);
}

function attention(node: OracleNode): OracleTensor[] {
  const is3d = inputOf(node, 0).dims.length === 3;
  const headsOf = (i: number, name: string): Heads => {
    const x = inputOf(node, i);
    return is3d ? headsOf3(x, intOf(node, name, 1)) : headsOf4(x);
  };
  const q = headsOf(0, 'q_num_heads');
  const past = (i: number): Heads | undefined => node.inputs[i] && headsOf4(inputOf(node, i));
  const k = behind(past(4), headsOf(1, 'kv_num_heads'));
  const v = behind(past(5), headsOf(2, 'kv_num_heads'));
  const whole = [q.batch, q.heads, q.rows, k.rows];
  const mask = maskOf(node, whole);
  const lengths = node.inputs[6]?.data.map(Number);
  const isCausal = intOf(node, 'is_causal', 0) !== 0;
  const root = f.sqrt(floatOf(node, 'scale', inverseRootOf(q.size)));
  const cap = floatOf(node, 'softcap', f.kZero);
  const isCapped = f.compare(cap, f.kZero) === 1;
  const mode = intOf(node, 'qk_matmul_output_mode', 0);
  const kept: number[] = [];
  const keep = (wanted: number, row: readonly number[]): void => {
    if (mode === wanted) kept.push(...row);
  };
  const scale = (x: Heads): Heads => mapRows(x, (row) => row.map((word) => f.multiply(word, root)));
  const y = attend(
    scale(q),
    scale(k),
    v,
    (dots, b, h, i) => {
      keep(0, dots);
      const t = isCapped ? dots.map((x) => capped(x, cap)) : dots;
      keep(1, t);
      const offset =
        node.inputs[4] === undefined && lengths !== undefined
          ? at(lengths, b) - q.rows
          : (past(4)?.rows ?? 0);
      const u = t.map((x, j) => {
        const terms: number[] = [];
        if (mask !== undefined) {
          terms.push(at(mask, ((b * q.heads + h) * q.rows + i) * k.rows + j));
        }
        if (isCausal) terms.push(masked(j <= i + offset));
        if (lengths !== undefined) terms.push(masked(j < at(lengths, b)));
        const [first, ...rest] = terms;
        return first === undefined ? x : f.add(x, rest.reduce(f.add, f.read(first)));
      });
      keep(2, u);
      return u;
    },
    undefined,
    (row) => keep(3, row),
  );
  const out = is3d ? tensorOfRows(y) : tensorOfHeads(y);
  // Rows of 3-D outputs come row by row, not head by head: the kept words are made again in their order.
  if (is3d) {
    kept.length = 0;
    tensorOfHeads(y);
  }
  const scores = node.outputs > 3 ? [tensorOf('float32', whole, kept)] : [];
  return [out, tensorOfHeads(k), tensorOfHeads(v), ...scores];
}

export const operators: Readonly<Record<string, OracleOperator>> = {
  Attention: wide(attention),
  'ai.onnx.preview:FlexAttention': wide((node) => attention(node).slice(0, 1)),
};
