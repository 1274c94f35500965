// An operator of an application's own with kernels of its own: com.example.SquareScale, y = (x · x) · alpha. Both twins
// multiply once, round, multiply again: the bits are those of two Mul nodes, on every device.
//
//   registerOperator(squareScale(await compile('kernel.wasm'), await text('kernel.wgsl')))
import type { KernelOperator } from 'isobit';

const ELEMENTS_A_UNIT = 64;
/** WebGPU's limit of workgroups in one direction. */
const MOST = 65535;

export const squareScale = (
  wasm: WebAssembly.Module | BufferSource,
  wgsl: string,
): KernelOperator => ({
  type: 'SquareScale',
  domain: 'com.example',
  inputs: [1, 1],
  attributes: { alpha: 'float' },
  kernel: { params: ['n', 'alpha:f32', 'pad0', 'pad1'], wasm, wgsl },
  dispatch([x], _, { alpha }) {
    const n = x?.dims.reduce((size, dim) => size * dim, 1) ?? 0;
    const units = Math.ceil(n / ELEMENTS_A_UNIT);
    return {
      params: { n, alpha: typeof alpha === 'number' ? alpha : 1, pad0: 0, pad1: 0 },
      units,
      unitCost: 2 * ELEMENTS_A_UNIT,
      workgroups: [Math.min(units, MOST), Math.ceil(units / MOST), 1],
    };
  },
});
