// The job that registers an operator with kernels of its own (docs/examples/custom_kernel) on a stack and runs cases of
// it: digests, notes and what the gate compared. `wgsl` may be another text.
import type { Node } from '../../src/graph/graph.ts';
import { registerOperator, Tensor } from '../../src/index.ts';
import type { JobEnv } from '../../src/jobs/job.ts';
import wasm from '../../docs/examples/custom_kernel/kernel.wasm?base64';
import { squareScale } from '../../docs/examples/custom_kernel/operator.ts';
import type { Backend } from '../../src/run_types.ts';
import { nodeCase, type OpCase } from '../harness/cases.ts';
import { runCase } from '../harness/conform.ts';
import { floats, type FloatKind } from '../harness/prng.ts';

export interface CustomKernelJob {
  readonly backend: Backend;
  readonly wgsl: string;
}

export interface CustomKernelReport {
  readonly id: string;
  readonly digest: string;
  /** Their kinds. */
  readonly notes: readonly string[];
  /** Pipelines that were compared with the reference before their first use. */
  readonly gated: number;
}

const KINDS: readonly FloatKind[] = ['normal', 'wide', 'special', 'subnormal'];

export function customCases(): OpCase[] {
  return KINDS.flatMap((kind, i) =>
    [1000, 63, 1].map((n) => {
      const inputs = [{ dtype: 'float32' as const, dims: [n], data: floats(10 * i + n, n, kind) }];
      const attributes = { alpha: { float: 1.7 } };
      const spec = { opType: 'SquareScale', domain: 'com.example', attributes, inputs };
      return nodeCase(`n=${n},data=${kind}`, 'random', { ...spec, outputs: 1 });
    }),
  );
}

/** The same computed by Mul and Mul. */
export function twoProducts(one: OpCase): OpCase {
  const [node] = one.graph.nodes;
  const [x = ''] = node?.inputs ?? [];
  const alpha = new Tensor('float32', [1.7], []);
  const mul = (index: number, inputs: string[], output: string): Node => ({
    ...{ index, name: output, domain: '', opType: 'Mul' },
    ...{ inputs, outputs: [output], attributes: new Map() },
  });
  const nodes = [mul(0, [x, x], 'square'), mul(1, ['square', 'alpha'], node?.outputs[0] ?? '')];
  const initializers = new Map([...one.graph.initializers, ['alpha', alpha] as const]);
  const opsets = new Map([['', 21]]);
  return { ...one, graph: { ...one.graph, nodes, initializers, opsets } };
}

export async function run(request: unknown, env: JobEnv): Promise<CustomKernelReport[]> {
  const { backend, wgsl } = request as CustomKernelJob;
  let device: GPUDevice | undefined;
  if (backend === 'webgpu') {
    const adapter = await env.gpu?.requestAdapter(
      env.featureLevel === undefined ? {} : { featureLevel: env.featureLevel },
    );
    device = await adapter?.requestDevice();
    if (device === undefined) throw new Error('no WebGPU device on this stack');
  }
  const bytes = Uint8Array.from(atob(wasm), (char) => char.charCodeAt(0));
  const unregister = registerOperator(squareScale(bytes, wgsl));
  try {
    const reports: CustomKernelReport[] = [];
    for (const one of customCases()) {
      const { id, digest, notes, gate } = await runCase(one, backend, { device, gated: true });
      const kinds = notes.map((note) => note.kind);
      reports.push({ id, digest, notes: kinds, gated: gate?.pipelines ?? 0 });
    }
    return reports;
  } finally {
    unregister();
    device?.destroy();
  }
}
