// Exact integer convolutions of 8-bit tensors (V8) on WebGPU: bytes are read where they lie, four taps a word, and weights are
// packed four a word, for an instruction that a device may have (math/dot). Kernels of 1 x 1 have a text of their own. No
// bit depends on the choice, which is made from shapes alone. The twin in C checks, and is not the reference's kernel.
import { paramFields, type Dispatch, type Kernel, type LowerContext } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import convShader from '../../shaders/ops/integer_dot_conv.wgsl';
import plainShader from '../../shaders/ops/integer_dot_conv_plain.wgsl';
import { epilogueChain } from './chain_wgsl.ts';
import { gridOf } from './grid.ts';
import { CONV_FIELDS, convParams, filtersOf } from './integer_conv_params.ts';
import { isCentred, packBytes } from './integer_dot.ts';
import { noZero, stripOf, type IntegerTensor } from './integer_operand.ts';
import { isPlain, normalAxes, single, type Axis } from './window.ts';

// Params 8 to 10 are the sizes of the output: a row of it, to the chain, is all positions of one filter.
const positionsOf = ({ params }: Dispatch): number =>
  (params[8] ?? 0) * (params[9] ?? 0) * (params[10] ?? 0);
const slidingShader = epilogueChain(convShader, positionsOf, true);
const pointwiseShader = epilogueChain(plainShader, positionsOf, true);

export const integerDotConv: Kernel = {
  name: 'integer_dot_conv',
  params: paramFields(...CONV_FIELDS, 'run', 'pad0', 'pad1', 'pad2'),
  shader: (dispatch) =>
    'SPAN' in dispatch.constants ? slidingShader(dispatch) : pointwiseShader(dispatch),
  chain: 'epilogue',
  // The second, packed weights, has zeros behind runs.
  anyIntegers: [0, 2],
};

// Products of a unit, which is computed again to check WebGPU (B7, B8).
const UNIT_WORK = 1 << 19;
// Invocations that keep a graphics card busy.
const MANY = 2048;

/** Emits `to`, as emitIntegerConv does for both machines. */
export function emitDotConv(
  node: LowerContext,
  to: Value,
  x: IntegerTensor,
  w: IntegerTensor,
  axes: readonly Axis[],
  groups: number,
): void {
  const [batch = 0] = x.value.dims;
  const [allFilters = 0, channels = 0] = w.value.dims;
  const filters = allFilters / groups;
  const normal = normalAxes(axes);
  const plain = normal.every(isPlain);
  // Rows as they were given make smaller units, and the text for 1 x 1 has no rows.
  const sizes = plain ? threeOf(axes) : normal;
  const [z, y, last] = sizes;
  const terms = channels * z.kernel * y.kernel * last.kernel;
  const run = plain && filters > 1 ? terms : last.kernel;
  const weights = packBytes(node, filtersOf(node, w, groups), {
    terms,
    run,
    block: stripOf(filters),
    sums: true,
  });
  const images = batch * groups;
  const limit = Math.floor(UNIT_WORK / (filters * terms));
  let rows = y.out;
  while (rows > 1 && rows * last.out > limit) rows = Math.ceil(rows / 2);
  const params = convParams(x, w, groups, sizes, rows);
  const { grid, constants } = invocationsOf(plain, images, filters, sizes);
  node.emit(integerDotConv, {
    params: { ...params, run, pad0: 0, pad1: 0, pad2: 0 },
    inputs: [x.value, weights.value, x.zeroPoint ?? noZero(node, x.value)],
    outputs: [to],
    units: images * z.out * Math.ceil(y.out / rows),
    unitCost: (rows * last.out * filters * terms) / 2,
    scratch: 4 * rows * last.out,
    grid,
    constants: { ...constants, CENTRED: isCentred(node, w) ? 1 : 0 },
  });
}

const threeOf = (axes: readonly Axis[]): readonly [Axis, Axis, Axis] => [
  axes.at(-3) ?? single,
  axes.at(-2) ?? single,
  axes.at(-1) ?? single,
];

/** Workgroups, and which text it is. An invocation computes four outputs of up to eight filters. */
function invocationsOf(
  plain: boolean,
  images: number,
  filters: number,
  [depth, height, width]: readonly [Axis, Axis, Axis],
): { grid: readonly [number, number, number]; constants: Readonly<Record<string, number>> } {
  const lines = depth.out * height.out;
  if (plain && filters > 1) {
    const positions = lines * width.out;
    const quads = images * Math.ceil(positions / 4);
    const rows = filters > 4 && quads * Math.ceil(filters / 8) >= MANY ? 8 : 4;
    return {
      grid: gridOf(quads * Math.ceil(filters / rows)),
      constants: { ROWS: rows, WHOLE: positions % 4 === 0 ? 1 : 0 },
    };
  }
  const quads = images * lines * Math.ceil(width.out / 4);
  const spans = width.dilation === 1 && width.stride <= 2;
  return {
    grid: gridOf(quads * Math.ceil(filters / 4)),
    constants: {
      ROWS: filters === 1 ? 1 : 4,
      SPAN: spans ? width.stride : 0,
      TAPS: Math.min(4, width.kernel),
      WHOLE: width.out % 4 === 0 ? 1 : 0,
    },
  };
}
