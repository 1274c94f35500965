// Makes docs/OPERATORS.md from the operators themselves: opsets from their definitions, dtypes by asking `dtypes` about
// each, WebGPU by lowering the operator's cases for it and looking for dispatches without a shader. Executes nothing
// but the folding of constants.
import type { WasmBackend } from '../../src/backends/wasm.ts';
import { kDTypes, type DType } from '../../src/core/dtype.ts';
import type { OpDef } from '../../src/core/op.ts';
import { formatType, type DataType } from '../../src/core/data.ts';
import type { HostOp } from '../../src/core/host_op.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { checkGraph } from '../../src/graph/check.ts';
import { ConstantStore } from '../../src/graph/constant_store.ts';
import { AttributeContext } from '../../src/graph/context.ts';
import type { Graph, Node } from '../../src/graph/graph.ts';
import { planGraph } from '../../src/graph/planner.ts';
import { SEED_FEED, seedTensor } from '../../src/graph/seed.ts';
import { hostOperators } from '../../src/host/index.ts';
import { registry } from '../../src/ops/index.ts';
import { registry as library } from '../../src/registry.ts';
import { hostCaseFiles } from '../host/index.ts';
import { caseFiles } from '../ops/index.ts';
import type { OpCase } from './cases.ts';
import { readConformanceGolden } from './conformance_golden.ts';

const golden = readConformanceGolden();
const NUMERIC = kDTypes.filter((dtype) => dtype !== 'string');
/** How many cases are lowered again for each dtype that has none of its own. */
const VARIANTS = 4;

interface Use {
  readonly one: OpCase;
  readonly node: Node;
  readonly opset: number;
  /** undefined where an optional input is absent. */
  readonly dtypes: readonly (DType | undefined)[];
}

function usesOf(def: OpDef): Use[] {
  const uses: Use[] = [];
  for (const one of [...caseFiles.values()].flat()) {
    const { graph } = one;
    for (const node of graph.nodes) {
      const opset = graph.opsets.get(node.domain) ?? 0;
      if (registry.find(node.domain, node.opType, opset) !== def) continue;
      const known = checkGraph(graph, library).dtypes;
      uses.push({ one, node, opset, dtypes: node.inputs.map((name) => known.get(name)) });
    }
  }
  return uses;
}

/** Inputs that have one dtype in every use, as lists of positions. */
function groupsOf(uses: readonly Use[]): number[][] {
  const count = Math.max(0, ...uses.map((use) => use.dtypes.length));
  const groups: number[][] = [];
  for (let i = 0; i < count; i += 1) {
    const linked = groups.find(([first = 0]) => {
      const both = uses.filter(
        ({ dtypes }) => dtypes[first] !== undefined && dtypes[i] !== undefined,
      );
      return both.length > 0 && both.every(({ dtypes }) => dtypes[first] === dtypes[i]);
    });
    if (linked === undefined) groups.push([i]);
    else linked.push(i);
  }
  return groups;
}

/** The output dtypes if the inputs of `group` had `dtype`; undefined if that is refused. */
function given(
  def: OpDef,
  use: Use,
  group: readonly number[],
  dtype: DType,
): readonly DType[] | undefined {
  const dtypes = use.dtypes.map((own, i) => (own !== undefined && group.includes(i) ? dtype : own));
  if (!group.some((i) => dtypes[i] !== undefined)) return undefined;
  try {
    return def.dtypes(new AttributeContext(use.node, use.opset, dtypes));
  } catch {
    return undefined;
  }
}

/** The tensor in another dtype: the same numbers where they fit, else zeros. */
function recast(tensor: Tensor, dtype: DType): Tensor {
  try {
    return new Tensor(dtype, tensor.numbers(), tensor.dims);
  } catch {
    const zeros = Array.from({ length: tensor.size }, () => 0);
    return new Tensor(dtype, zeros, tensor.dims);
  }
}

function recastCase({ one, node }: Use, group: readonly number[], dtype: DType): OpCase {
  const names = new Set(group.map((i) => node.inputs[i]));
  const all = (tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> =>
    new Map(
      [...tensors].map(([name, tensor]) => [
        name,
        names.has(name) ? recast(tensor, dtype) : tensor,
      ]),
    );
  const graph: Graph = {
    ...one.graph,
    initializers: all(one.graph.initializers),
    inputs: one.graph.inputs.map((info) => (names.has(info.name) ? { ...info, dtype } : info)),
  };
  return { ...one, graph, feeds: all(one.feeds) };
}

/** Where the node's dispatches run on WebGPU; undefined if it does not lower. */
function placeOf(
  backend: WasmBackend,
  { graph, feeds }: OpCase,
  index: number,
): { gpu: number; reference: number } | undefined {
  try {
    const fed = new Map(feeds).set(SEED_FEED, seedTensor(0));
    const plan = planGraph(checkGraph(graph, library), new ConstantStore(), backend, fed, {
      target: 'webgpu',
      outputs: graph.outputs.map((info) => info.name),
      fuse: false,
    });
    const own = plan.steps.filter((step) => step.nodes.includes(index));
    const gpu = own.filter((step) => step.dispatch.kernel.shader !== undefined).length;
    plan.release();
    return { gpu, reference: own.length - gpu };
  } catch {
    return undefined;
  }
}

const list = (dtypes: readonly DType[]): string =>
  dtypes.length === NUMERIC.length ? 'all' : dtypes.join(' ');

/** Inputs of one dtype, what they accept, and whether the output's dtype follows. */
interface Group {
  readonly inputs: readonly number[];
  readonly accepted: readonly DType[];
  readonly decides: boolean;
}

function webgpuOf(
  backend: WasmBackend,
  uses: readonly Use[],
  { inputs: group, accepted }: Group,
): string {
  let kernels = 0;
  const never: DType[] = [];
  const partly: DType[] = [];
  const always: DType[] = [];
  for (const dtype of accepted.length === 0 ? [undefined] : accepted) {
    const own = uses.filter((use) => use.dtypes[group[0] ?? 0] === dtype);
    const tried =
      own.length > 0 || dtype === undefined
        ? own.map(({ one, node }) => placeOf(backend, one, node.index))
        : uses
            .slice(0, VARIANTS)
            .map((use) => placeOf(backend, recastCase(use, group, dtype), use.node.index));
    const places = tried.filter((place) => place !== undefined);
    const onGpu = places.some((place) => place.gpu > 0);
    const onReference = places.some((place) => place.reference > 0);
    if (onGpu || onReference) kernels += 1;
    if (dtype === undefined) continue;
    if (onReference) (onGpu ? partly : never).push(dtype);
    else if (places.length > 0) always.push(dtype);
  }
  if (kernels === 0) return 'needs no kernel';
  if (always.length === 0 && partly.length === 0 && accepted.length > 0) return 'reference only';
  return [
    always.length === 0 ? 'in part' : 'yes',
    ...(partly.length === 0 || always.length === 0 ? [] : [`in part: ${list(partly)}`]),
    ...(never.length === 0 ? [] : [`reference: ${list(never)}`]),
  ].join('; ');
}

/** Of ONNX's backend tests with the operator, those that pass and all. */
function onnxCases(def: { readonly domain?: string; readonly type: string }): string {
  const [passed, all] = golden.operators[nameOf(def)] ?? [];
  return all === undefined ? '–' : `${passed}/${all}`;
}

function rowOf(backend: WasmBackend, def: OpDef): string {
  const uses = usesOf(def);
  const groups = groupsOf(uses).map((inputs): Group => {
    const outputs = NUMERIC.map((dtype) =>
      uses.map((use) => given(def, use, inputs, dtype)).find((types) => types !== undefined),
    );
    return {
      inputs,
      accepted: NUMERIC.filter((_, i) => outputs[i] !== undefined),
      decides: new Set(outputs.filter((types) => types !== undefined).map(String)).size > 1,
    };
  });
  const data = groups.find((group) => group.decides) ??
    groups[0] ?? { inputs: [], accepted: [], decides: false };
  const shown = groups.filter(
    (group, i) => i === 0 || group.decides || group.accepted.length < NUMERIC.length,
  );
  const text = shown.map(({ inputs, accepted }) =>
    inputs[0] === 0 ? list(accepted) : `${inputs.map((k) => `#${k}`).join(' ')}: ${list(accepted)}`,
  );
  const cells = [
    nameOf(def),
    def.opsets.join('–'),
    text.join('; ') || '–',
    webgpuOf(backend, uses, data),
    new Set(uses.map((use) => use.one)).size,
    onnxCases(def),
  ];
  return `| ${cells.join(' | ')} |`;
}

const nameOf = ({
  domain = '',
  type,
}: {
  readonly domain?: string;
  readonly type: string;
}): string => `${domain === '' ? '' : `${domain}.`}${type}`;

/** An operator of the host; the types are those of the first input in its cases. */
function hostRowOf(op: HostOp): string {
  const [first, last] = op.opsets;
  const uses = [...hostCaseFiles.values()].flat().flatMap(({ graph }) =>
    graph.nodes
      .filter(({ domain, opType }) => {
        const opset = graph.opsets.get(domain) ?? 0;
        return (
          domain === (op.domain ?? '') && opType === op.type && first <= opset && opset <= last
        );
      })
      .map((node) => ({ graph, node })),
  );
  const types = uses.flatMap(({ graph, node }): DataType[] => {
    const info = graph.inputs.find(({ name }) => name === node.inputs[0]);
    return info?.type === undefined ? [] : [info.type];
  });
  const texts = [...new Set(types.map(formatType))].sort();
  const cells = [nameOf(op), op.opsets.join('–'), texts.join(' ') || '–', 'host'];
  const own = new Set(uses.map(({ graph }) => graph)).size;
  return `| ${[...cells, own, onnxCases(op)].join(' | ')} |`;
}

/** The whole page. */
export function operatorsPage(backend: WasmBackend): string {
  const defs = registry.all();
  const types = new Set([...defs, ...hostOperators].map(nameOf));
  const rows = [
    ...defs.map((def) => ({ name: nameOf(def), row: rowOf(backend, def) })),
    ...hostOperators.map((op) => ({ name: nameOf(op), row: hostRowOf(op) })),
  ].sort((a, b) => (a.name === b.name ? 0 : a.name < b.name ? -1 : 1));
  return `# Operators

${types.size} operators. Written by \`npm run docs:operators\` from the operators' own definitions and from lowering their cases; do not edit.

Every operator runs on the WASM reference. **WebGPU** says where its work runs on the GPU path: *yes*, *in part* (some
cases have a dispatch without a shader), *reference* (computed by the reference between two stretches of GPU work; the
run's notes name it), *needs no kernel* (its result is known while planning, or is a renamed input), *host* (TypeScript between
two stretches, on both backends; the notes name it). The bits are the same in all cases. Reductions, normalisations and other operators may lower to several kernels.

**dtypes** are those of the first input and of all that agree with it; \`#1\` is the second input. Shapes, axes, counts and
the like are left out. Of operators of the host they are those of the first input in their cases; one that is planned for
numbers and runs on the host for strings, sequences or optionals has two rows. *all* is ${NUMERIC.join(', ')}.
An opset, dtype or attribute value that is not implemented is refused when the model is loaded. **Cases** are those of
\`test/ops\` and \`test/host\` with the operator; on every stack their digests are the reference's. **ONNX** are the backend tests of ONNX with
it, of all opsets, passed / all: \`isobit conformance\` on a copy of them, whose results \`test/golden/conformance.json\` keeps. An operator
whose tests all draw random values has 0: those are compared in shape and type only.

| operator | opsets | dtypes | WebGPU | cases | ONNX |
|---|---|---|---|---|---|
${rows.map(({ row }) => row).join('\n')}
`;
}
