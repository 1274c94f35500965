// Operators with a state of their own: LinearAttention, CausalConvWithState, TensorScatter, as docs/NUMERICS.md writes them.
import * as elementary from '../elementary.ts';
import * as f from '../float.ts';
import { headsOf3, inverseRootOf } from '../heads.ts';
import { elementAt, tensorBy } from '../layout.ts';
import { at, axisOf, floatOf, inputOf, intOf, stringOf, tensorOf, wordsOf } from '../node.ts';
import type { OracleNode, OracleOperator, OracleTensor } from '../types.ts';
import { wide } from '../wide.ts';

function linearAttention(node: OracleNode): OracleTensor[] {
  const [heads, shared] = [intOf(node, 'q_num_heads', 1), intOf(node, 'kv_num_heads', 1)];
  const q = headsOf3(inputOf(node, 0), heads);
  const [k, v] = [headsOf3(inputOf(node, 1), shared), headsOf3(inputOf(node, 2), shared)];
  const [decay, beta] = [node.inputs[4], node.inputs[5]];
  const given = floatOf(node, 'scale', f.kZero);
  const scale = f.read(given) === f.kZero ? inverseRootOf(q.size) : given;
  const [size, width, rows] = [k.size, v.size, q.rows];
  const past = node.inputs[3] && wordsOf(node.inputs[3]);
  const last: number[] = [];
  const out = new Array<number>(q.batch * rows * heads * width).fill(f.kZero);
  for (let b = 0; b < q.batch; b += 1) {
    for (let h = 0; h < shared; h += 1) {
      const start = (b * shared + h) * size * width;
      let state = Array.from({ length: size * width }, (_, i) =>
        past === undefined ? f.kZero : at(past, start + i),
      );
      for (let t = 0; t < rows; t += 1) {
        const [key, value] = [k.row(b, h, t), v.row(b, h, t)];
        if (decay !== undefined) {
          const each = at(decay.dims, 2) / shared;
          const from = (b * rows + t) * shared * each + h * each;
          state = state.map((word, i) => {
            const d = each === 1 ? 0 : Math.floor(i / width);
            return f.multiply(word, elementary.exp(at(wordsOf(decay), from + d)));
          });
        }
        const column = (m: number): number[] => key.map((_, d) => at(state, d * width + m));
        let delta = value;
        if (beta !== undefined) {
          const rates = at(beta.dims, 2);
          const rate = at(wordsOf(beta), (b * rows + t) * rates + (rates === 1 ? 0 : h));
          delta = value.map((word, m) => f.multiply(rate, f.subtract(word, f.dot(key, column(m)))));
        }
        state = state.map((word, i) =>
          f.add(word, f.dot([at(key, Math.floor(i / width))], [at(delta, i % width)])),
        );
        for (let g = 0; g < heads / shared; g += 1) {
          const own = h * (heads / shared) + g;
          const query = q.row(b, own, t);
          for (let m = 0; m < width; m += 1) {
            const place = ((b * rows + t) * heads + own) * width + m;
            out[place] = f.multiply(scale, f.dot(query, column(m)));
          }
        }
      }
      last.push(...state);
    }
  }
  return [
    tensorOf('float32', [q.batch, rows, heads * width], out),
    tensorOf('float32', [q.batch, shared, size, width], last),
  ];
}

function causalConv(node: OracleNode): OracleTensor[] {
  const [x, w, bias, past] = [inputOf(node, 0), inputOf(node, 1), node.inputs[2], node.inputs[3]];
  const [batch, channels, columns] = [at(x.dims, 0), at(x.dims, 1), at(x.dims, 2)];
  const taps = at(w.dims, 2);
  const dilation = intOf(node, 'dilation', 1);
  const kept = (taps - 1) * dilation;
  const [words, weights] = [wordsOf(x), wordsOf(w)];
  const isPlain = stringOf(node, 'activation', 'none') === 'none';
  const [out, state]: [number[], number[]] = [[], []];
  for (let row = 0; row < batch * channels; row += 1) {
    const before = past
      ? wordsOf(past).slice(row * kept, (row + 1) * kept)
      : new Array<number>(kept).fill(f.kZero);
    const line = [...before, ...words.slice(row * columns, (row + 1) * columns)];
    const channel = row % channels;
    for (let t = 0; t < columns; t += 1) {
      const products = Array.from({ length: taps }, (_, j) =>
        f.summedProduct(at(line, t + j * dilation), at(weights, channel * taps + j)),
      );
      let y = f.sumProducts(products);
      if (bias !== undefined) y = f.add(y, at(wordsOf(bias), channel));
      out.push(isPlain ? y : f.multiply(y, elementary.sigmoid(y)));
    }
    state.push(...line.slice(columns));
  }
  return [tensorOf('float32', x.dims, out), tensorOf('float32', [batch, channels, kept], state)];
}

function tensorScatter(node: OracleNode): OracleTensor[] {
  const [cache, update] = [inputOf(node, 0), inputOf(node, 1)];
  const axis = axisOf(intOf(node, 'axis', -2), cache.dims.length);
  const [rows, fresh] = [BigInt(at(cache.dims, axis)), BigInt(at(update.dims, axis))];
  const isCircle = stringOf(node, 'mode', 'linear') === 'circular';
  const starts = node.inputs[2]?.data.map(BigInt);
  return [
    tensorBy(cache.dtype, cache.dims, (index) => {
      let step = BigInt(at(index, axis)) - (starts === undefined ? 0n : at(starts, at(index, 0)));
      if (isCircle) step = ((step % rows) + rows) % rows;
      if (step < 0n || step >= fresh) return elementAt(cache, index);
      return elementAt(
        update,
        index.map((i, k) => (k === axis ? Number(step) : i)),
      );
    }),
  ];
}

export const operators: Readonly<Record<string, OracleOperator>> = {
  CausalConvWithState: wide(causalConv),
  LinearAttention: wide(linearAttention),
  TensorScatter: tensorScatter,
  'com.microsoft:CausalConvWithState': wide(causalConv),
  'com.microsoft:LinearAttention': wide(linearAttention),
};
