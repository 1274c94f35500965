// Operators of the user's own with kernels of their own: a WebAssembly module for the reference and a WGSL text for GPUs,
// twins like the library's. Promises: both see canonical float32 words and their float32 results are stored canonically (V2),
// whatever the twins do; a GPU's pipeline is gated at its first use and audited like all (B7, B8). What lies between, one
// order of single rounded operations on both sides, is the author's to keep. Not here: how a module is called
// (backends/wasm/own_module.ts).
import { paramFields, type Kernel, type LowerContext, type OpDef } from './core/op.ts';
import { formatShape, sizeOf } from './core/shape.ts';
import type { Value } from './core/value.ts';
import {
  plannedDefinition,
  valuesOf,
  type AttributeValues,
  type ComposedValue,
  type PlannedOperator,
} from './custom.ts';
import { emitChain } from './ops/chain_builder.ts';
import { storable } from './ops/named_activations.ts';
import arithmetic from '../shaders/math/arith.wgsl';
import indices from '../shaders/math/index.wgsl';

/**
 * How a kernel runs on tensors of some shapes.
 *
 * @example
 * ```ts
 * import type { KernelDispatch } from 'isobit';
 *
 * const units = Math.ceil(1000 / 64);
 * const dispatch: KernelDispatch = { params: { n: 1000 }, units, workgroups: [units, 1, 1] };
 * console.log(dispatch.units); // 16
 * ```
 */
export interface KernelDispatch {
  /** Values for the fields of Params, by name; those of kind f32 are rounded to float32, and +0 under 2^-120 (V2). */
  readonly params?: Readonly<Record<string, number | readonly number[]>>;
  /** How many independent parts the work has: the module's kernel is asked for ranges of them. */
  readonly units: number;
  /** A rough cost of one, in multiply-adds; 1 if not given. */
  readonly unitCost?: number;
  /** Workgroups of the shader, at most 65535 in each direction. */
  readonly workgroups: readonly [number, number, number];
}

/**
 * An operator that is one kernel, written twice. `kernel(params, inputs, outputs, begin, end)` of the module computes the
 * units from `begin` to before `end`: `params` is the address of the words of Params, `inputs` and `outputs` are those of
 * tables with an address a tensor. The shader finds Params at binding 0, the inputs from binding 3 on, the outputs behind
 * them, all of group 0; `main` is its entry point and calls `begin()` first. Before its text stand the library's functions
 * on words, among them add_f32, sub_f32, mul_f32, div_f32, sqrt_f32, less_f32, div_u32 and mod_u32: no compiler joins or
 * reorders those. Absent optional inputs are left out of both.
 *
 * @example
 * ```ts
 * import type { KernelOperator } from 'isobit';
 *
 * const square = (wasm: WebAssembly.Module, wgsl: string): KernelOperator => ({
 *   type: 'Square',
 *   domain: 'com.example',
 *   inputs: [1, 1],
 *   kernel: { params: ['n'], wasm, wgsl },
 *   dispatch: ([x]) => {
 *     const n = x?.dims.reduce((size, dim) => size * dim, 1) ?? 0;
 *     const units = Math.ceil(n / 64);
 *     return { params: { n }, units, workgroups: [Math.min(units, 65535), Math.ceil(units / 65535), 1] };
 *   },
 * });
 * console.log(square.length); // 2
 * ```
 */
export interface KernelOperator extends PlannedOperator {
  /** The twins. */
  readonly kernel: {
    /**
     * The fields of Params in their order, `name`, `name:f32`, `name:i32` or `name[4]`: u32 if no kind is given. An array
     * starts and ends on four words, and is `array<vec4<u32>, …>` in WGSL. The struct is padded to four words.
     */
    readonly params: readonly string[];
    /**
     * Exports `kernel`, its `memory` and the global `__heap_base`, behind which the library writes; imports nothing.
     * Its memory is its own: tensors are copied there and back.
     */
    readonly wasm: WebAssembly.Module | BufferSource;
    /** The shader; where it is left out GPU runs compute the node on the reference and say so. */
    readonly wgsl?: string;
  };
  /** How it runs. Called for every new shape, so it must not depend on anything but its arguments. */
  dispatch(
    inputs: readonly (ComposedValue | undefined)[],
    outputs: readonly ComposedValue[],
    attributes: AttributeValues,
  ): KernelDispatch;
}

const EXPORTS: readonly (readonly [string, WebAssembly.ImportExportKind])[] = [
  ['kernel', 'function'],
  ['memory', 'memory'],
  ['__heap_base', 'global'],
];

function moduleOf(name: string, wasm: WebAssembly.Module | BufferSource): WebAssembly.Module {
  let module: WebAssembly.Module;
  try {
    module = wasm instanceof WebAssembly.Module ? wasm : new WebAssembly.Module(wasm);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TypeError(
      `registerOperator: ${name}: kernel.wasm: expected a WebAssembly module, got ${why}.`,
      { cause },
    );
  }
  const [first] = WebAssembly.Module.imports(module);
  if (first !== undefined) {
    throw new TypeError(
      `registerOperator: ${name}: kernel.wasm: expected no imports, got ${first.module}.${first.name}. Link it alone.`,
    );
  }
  const found = WebAssembly.Module.exports(module);
  for (const [wanted, kind] of EXPORTS) {
    const kinds = found.filter((one) => one.name === wanted).map((one) => one.kind);
    if (kinds[0] !== kind) {
      throw new TypeError(
        `registerOperator: ${name}: kernel.wasm: expected a ${kind} among its exports, '${wanted}', got ${kinds[0] ?? 'none'}. Export it.`,
      );
    }
  }
  return module;
}

function kernelOf(name: string, { params, wasm, wgsl }: KernelOperator['kernel']): Kernel {
  const shader =
    wgsl === undefined
      ? {}
      : { shader: { name: `custom/${name}`, text: wgsl, imports: [arithmetic, indices] } };
  return { name, params: paramFields(...params), module: moduleOf(name, wasm), ...shader };
}

const canonicalised = (node: LowerContext, from: Value, to: Value): void =>
  emitChain(node, to, (c) => c.f32(from));

/** Canonical words, as a kernel sees them: another value where float32 ones may be others. */
function readable(node: LowerContext, value: Value): Value {
  if (value.dtype !== 'float32' || value.canonical) return value;
  const to = node.temp('float32', value.dims);
  canonicalised(node, value, to);
  return to;
}

/** Floats as canonical words, which a shader and a module read alike. */
function canonicalParams(
  { params }: Kernel,
  values: NonNullable<KernelDispatch['params']>,
): NonNullable<KernelDispatch['params']> {
  const floats = new Set(params.filter(({ kind }) => kind === 'f32').map(({ name }) => name));
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      if (!floats.has(name)) return [name, value];
      return [name, typeof value === 'number' ? storable(value) : value.map(storable)];
    }),
  );
}

const isPositive = (n: unknown): boolean => Number.isInteger(n) && Number(n) >= 0;

/** The definition that plans are made with. */
export function kernelDefinition(operator: KernelOperator): OpDef {
  const { type, domain, attributes } = operator;
  const kernel = kernelOf(`${domain}.${type}`, operator.kernel);
  const definition = plannedDefinition(operator);
  return {
    ...definition,
    isUsers: true,
    lower(node) {
      const given = Array.from({ length: node.inputCount }, (_, i) => node.optional(i));
      const [dtypes, dims] = [definition.dtypes(node), definition.infer(node)];
      // The kernel writes all that there are, whoever reads them.
      const outputs = dtypes.map((dtype, i) =>
        node.wants(i) ? node.output(i) : node.temp(dtype, dims[i] ?? []),
      );
      const how = operator.dispatch(given, outputs, valuesOf(node, attributes));
      const counts = [how.units, how.unitCost ?? 1, ...how.workgroups];
      if (!counts.every(isPositive)) {
        throw new RangeError(
          `${type}: dispatch: units, unitCost, workgroups: expected integers from 0 on, got ${counts.join()}.`,
        );
      }
      if (how.units === 0) {
        const unwritten = outputs.findIndex((out) => sizeOf(out.dims) > 0);
        if (unwritten < 0) return;
        throw new RangeError(
          `${type}: dispatch: expected units for output ${unwritten} of shape ${formatShape(outputs[unwritten]?.dims ?? [])}, got 0.`,
        );
      }
      // What the kernel writes is stored canonically behind it.
      const raw = outputs.map((out) =>
        out.dtype === 'float32' ? node.temp('float32', out.dims) : out,
      );
      node.emit(kernel, {
        params: canonicalParams(kernel, how.params ?? {}),
        inputs: given.flatMap((value) => (value === undefined ? [] : [readable(node, value)])),
        outputs: raw,
        units: how.units,
        unitCost: how.unitCost ?? 1,
        grid: how.workgroups,
      });
      raw.forEach((from, i) => {
        const out = outputs[i];
        if (out !== undefined && out !== from) canonicalised(node, from, out);
      });
    },
  };
}
