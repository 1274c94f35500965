// What a caller feeds, checked against the model: every input there, none unknown, dtype and shape right,
// symbolic sizes the same wherever their name occurs. Errors say expected and got.
import { Tensor } from './core/tensor.ts';
import { formatShape } from './core/shape.ts';
import { formatData, formatType, isOfType, type Data } from './core/data.ts';
import type { CheckedGraph } from './graph/check.ts';

/**
 * What a run is fed: a tensor (or what else the input is) for every input of the model, by name, as an object or a Map.
 *
 * @example
 * ```ts
 * import { load, Tensor, type Feeds } from 'isobit';
 *
 * const model = await load('/digits.onnx');
 * const feeds: Feeds = new Map([['image', new Tensor('float32', new Float32Array(1568), [2, 1, 28, 28])]]);
 * console.log((await model.run(feeds)).outputs['logits']?.dims); // [ 2, 10 ]
 * model.dispose();
 * ```
 */
export type Feeds = Readonly<Record<string, Data>> | ReadonlyMap<string, Data>;

function checkNames(names: readonly string[], given: readonly string[]): void {
  const unknown = given.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    throw new TypeError(`run: unknown feeds ${unknown.join(', ')}: expected ${names.join(', ')}.`);
  }
  const missing = names.filter((name) => !given.includes(name));
  if (missing.length > 0) {
    throw new TypeError(
      `run: missing feeds ${missing.join(', ')}: expected ${names.join(', ')}, got ${given.join(', ') || 'none'}.`,
    );
  }
}

/** @throws TypeError for missing, unknown or wrongly typed feeds; RangeError for shapes */
export function checkFeeds({ graph, types }: CheckedGraph, feeds: Feeds): Map<string, Data> {
  const given = new Map(feeds instanceof Map ? feeds : Object.entries(feeds));
  if (given.size !== graph.inputs.length || !graph.inputs.every(({ name }) => given.has(name))) {
    const names = graph.inputs.map(({ name }) => name);
    checkNames(names, [...given.keys()]);
  }
  const sizes = new Map<string, { size: number; input: string }>();
  const fed = new Map<string, Data>();
  for (const info of graph.inputs) {
    const tensor: Data | undefined = given.get(info.name);
    const type = types.get(info.name);
    if (type !== undefined && type.kind !== 'tensor') {
      if (tensor === undefined || !isOfType(tensor, type)) {
        throw new TypeError(
          `run: feed '${info.name}': expected ${formatType(type)}, got ${formatData(tensor)}.`,
        );
      }
      fed.set(info.name, tensor);
      continue;
    }
    if (!(tensor instanceof Tensor)) {
      throw new TypeError(`run: feed '${info.name}': expected a Tensor, got ${typeof tensor}.`);
    }
    if (tensor.dtype !== info.dtype) {
      throw new TypeError(
        `run: feed '${info.name}': expected ${info.dtype ?? '?'}, got ${tensor.dtype}.`,
      );
    }
    const { dims } = info;
    if (dims !== undefined) {
      const fits =
        dims.length === tensor.dims.length &&
        dims.every((dim, i) => typeof dim !== 'number' || dim === tensor.dims[i]);
      if (!fits) {
        throw new RangeError(
          `run: feed '${info.name}': expected shape ${formatShape(dims)}, got ${formatShape(tensor.dims)}.`,
        );
      }
      dims.forEach((dim, i) => {
        if (typeof dim !== 'string') return;
        const size = tensor.dims[i] ?? 0;
        const known = sizes.get(dim);
        if (known === undefined) sizes.set(dim, { size, input: info.name });
        else if (known.size !== size) {
          throw new RangeError(
            `run: feed '${info.name}': dimension ${dim}: expected ${known.size} as in '${known.input}', got ${size}.`,
          );
        }
      });
    }
    fed.set(info.name, tensor);
  }
  return fed;
}
