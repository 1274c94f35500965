// RotaryEmbedding of ai.onnx (opset 23) and of com.microsoft: pairs of the first `rotary_embedding_dim` elements of every head
// turned (rotate_pairs.ts) by an angle whose cosine and sine stand in caches, by position (V7). Not here: how caches are made.
import { NEWEST_OPSET } from '../core/op.ts';
import type { LowerContext, OpDef, ShapeContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { formatShape } from '../core/shape.ts';
import { part, whole } from './attend.ts';
import { rotate } from './rotate_pairs.ts';
import { castTo, floatOf, integerOf, longs, view } from './wide.ts';

interface Layout {
  readonly op: string;
  readonly batch: number;
  readonly rows: number;
  readonly heads: number;
  readonly size: number;
  readonly turned: number;
  /** The rows before the heads: 3-D inputs. */
  readonly is3d: boolean;
}

function layoutOf(node: ShapeContext, x: readonly number[], cache: Value): Layout {
  const is3d = x.length === 3;
  const op = node.opType;
  if (!is3d && x.length !== 4) {
    throw new RangeError(
      `${op}: expected an input of 3 or 4 axes, got ${formatShape(x)}. Reshape it.`,
    );
  }
  const given = node.int('rotary_embedding_dim', 0);
  const width = cache.dims.at(-1) ?? 0;
  const hidden = x.at(-1) ?? 0;
  let heads = is3d ? node.int('num_heads', 0) : (x[1] ?? 0);
  // com.microsoft: without a number of heads the cache is as wide as half a head.
  if (is3d && heads === 0 && node.opset < 23 && given === 0)
    heads = width > 0 ? hidden / (2 * width) : 0;
  const size = is3d ? hidden / heads : hidden;
  const turned = given === 0 ? size : given;
  if (
    !Number.isInteger(heads) ||
    (is3d && heads < 1) ||
    !Number.isInteger(size) ||
    turned % 2 !== 0 ||
    turned > size ||
    turned < 0
  ) {
    throw new RangeError(
      `${op}: heads do not fit: expected num_heads to divide ${hidden} and an even rotary_embedding_dim up to the size of a head, got ${heads} and ${turned}. Correct them.`,
    );
  }
  const [batch = 0] = x;
  const rows = (is3d ? x[1] : x[2]) ?? 0;
  return { op, batch, rows, heads, size, turned, is3d };
}

/** A cache's rows for every row of x, to broadcast along the heads. */
function angles(
  node: LowerContext,
  { op, batch, rows, turned, is3d }: Layout,
  cache: Value,
  positions: Value | undefined,
): Value {
  const half = turned / 2;
  const width = cache.dims.at(-1) ?? 0;
  const expected = positions === undefined ? 3 : 2;
  const own = cache.dims.join() === [batch, rows, width].join();
  if (cache.dims.length !== expected || (positions === undefined && !own) || width < half) {
    const wanted = positions === undefined ? [batch, rows, half] : ['positions', half];
    throw new RangeError(
      `${op}: cache: expected ${formatShape(wanted)}, got ${formatShape(cache.dims)}. Correct it.`,
    );
  }
  let found = cache;
  let shape = [batch, rows, width];
  if (positions !== undefined) {
    let at = positions;
    if (positions.dims.join() === '1' && node.opset < 23) {
      // One offset for all: row s is position offset + s.
      const steps = longs(node, ...Array.from({ length: rows }, (_, s) => s));
      const [sum] = node.call('Add', [castTo(node, positions, 'int64'), steps]);
      at = sum ?? positions;
      shape = [1, rows, width];
    } else if (positions.dims.join() !== [batch, rows].join()) {
      throw new RangeError(
        `${op}: position_ids: expected [${batch}, ${rows}], got ${formatShape(positions.dims)}. Correct them.`,
      );
    }
    [found = cache] = node.call('Gather', [cache, at]);
  }
  const cut =
    width === half ? view(node, found, shape) : part(node, view(node, found, shape), 2, 0, half);
  const [first = 1] = shape;
  return view(node, cut, is3d ? [first, rows, 1, half] : [first, 1, rows, half]);
}

function emitRotary(
  node: LowerContext,
  cos: Value,
  sin: Value,
  positions: Value | undefined,
): void {
  const x = node.input(0);
  if (cos.dims.join() !== sin.dims.join()) {
    throw new RangeError(
      `${node.opType}: caches differ: expected ${formatShape(cos.dims)} twice, got ${formatShape(sin.dims)}. Correct them.`,
    );
  }
  const layout = layoutOf(node, x.dims, cos);
  const { batch, rows, heads, size, turned, is3d } = layout;
  const dims = is3d ? [batch, rows, heads, size] : x.dims;
  const y = rotate(
    node,
    whole(view(node, x, dims)),
    angles(node, layout, cos, positions),
    angles(node, layout, sin, positions),
    turned,
    node.int('interleaved', 0) !== 0,
  );
  node.alias(node.output(0), y);
}

export const RotaryEmbedding: OpDef = {
  type: 'RotaryEmbedding',
  opsets: [23, NEWEST_OPSET],
  inputs: [3, 4],
  attributes: {
    interleaved: { kind: 'int' },
    num_heads: { kind: 'int' },
    rotary_embedding_dim: { kind: 'int' },
  },
  dtypes(node) {
    integerOf(node, 3, 'int64');
    return [floatOf(node, 0, 1, 2)];
  },
  infer(node) {
    layoutOf(node, node.input(0).dims, node.input(1));
    return [node.input(0).dims];
  },
  lower: (node) => emitRotary(node, node.input(1), node.input(2), node.optional(3)),
};

export const MicrosoftRotaryEmbedding: OpDef = {
  type: 'RotaryEmbedding',
  domain: 'com.microsoft',
  opsets: [1, 1],
  inputs: [4, 4],
  attributes: {
    interleaved: { kind: 'int' },
    is_packed_batching: { kind: 'int' },
    num_heads: { kind: 'int' },
    rotary_embedding_dim: { kind: 'int' },
    scale: { kind: 'float' },
  },
  dtypes(node) {
    integerOf(node, 1, 'int64');
    return [floatOf(node, 0, 2, 3)];
  },
  infer(node) {
    if (Math.fround(node.float('scale', 1)) !== 1) {
      throw new RangeError(
        `RotaryEmbedding: scale: expected 1, got ${node.float('scale')}. Multiply behind it.`,
      );
    }
    layoutOf(node, node.input(0).dims, node.input(2));
    return [node.input(0).dims];
  },
  lower: (node) => emitRotary(node, node.input(2), node.input(3), node.input(1)),
};
