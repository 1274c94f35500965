// The door for operators of the user's own: names are checked, definitions join the registry that models are checked with.
import {
  composedDefinition,
  hostDefinition,
  type ComposedOperator,
  type HostOperator,
} from './custom.ts';
import { kernelDefinition, type KernelOperator } from './custom_kernel.ts';
import { registry } from './registry.ts';

/** Domains whose names mean what their owners say. */
const TAKEN = /^(|ai\.onnx(\..*)?|isobit)$/;

/**
 * Adds an operator: models that are loaded from now on may have nodes of its type and domain. Models in a worker know
 * the library's own operators only, because functions do not travel there.
 *
 * @param operator a composition of other operators, a kernel for WASM with its twin in WGSL, or a function on the host
 * @returns a function that takes it away again; models that are loaded keep it
 * @throws TypeError for a definition that is none; RangeError for a domain of ONNX or the library, or a name that exists
 * @example
 * ```ts
 * import { load, registerOperator, Tensor } from 'isobit';
 *
 * const unregister = registerOperator({
 *   type: 'Cube',
 *   domain: 'com.example',
 *   inputs: [1, 1],
 *   compose: (composer, [x]) => composer.call('Mul', [...composer.call('Mul', [x, x]), x]),
 * });
 * // y = com.example.Cube(x)
 * const file =
 *   'CAgSBmlzb2JpdDpMCiAKAXgSAXkaBUN1YmUwIgRDdWJlOgtjb20uZXhhbXBsZRIEY3ViZVoQCgF4EgsKCQgBEgUKAxIBbmIQCgF5EgsKCQgBEgUKAxIBbkIECgAQAUIPCgtjb20uZXhhbXBsZRAB';
 * const model = await load(Uint8Array.from(atob(file), (char) => char.charCodeAt(0)));
 * const x = new Tensor('float32', [1, 2, 3], [3]);
 * console.log((await model.run({ x }, { backend: 'wasm' })).outputs['y']?.data); // Float32Array(3) [ 1, 8, 27 ]
 * model.dispose();
 * unregister();
 * ```
 */
export function registerOperator(
  operator: ComposedOperator | KernelOperator | HostOperator,
): () => void {
  const { type, domain, inputs, opsets } = operator;
  if (typeof type !== 'string' || type === '' || typeof domain !== 'string') {
    throw new TypeError(
      `registerOperator: expected a type and a domain, got ${type} and ${domain}.`,
    );
  }
  const name = `${domain}.${type}`;
  const isPair = (pair: unknown): boolean =>
    Array.isArray(pair) && pair.length === 2 && pair.every(Number.isInteger);
  if (!isPair(inputs) || (opsets !== undefined && !isPair(opsets))) {
    throw new TypeError(
      `registerOperator: ${name}: inputs and opsets: expected two integers each.`,
    );
  }
  if (TAKEN.test(domain)) {
    throw new RangeError(
      `registerOperator: expected a domain of your own, got '${domain}'. Rename it in the model too.`,
    );
  }
  if (registry.exists(domain, type)) {
    throw new RangeError(`registerOperator: expected a new name, got ${name}, which exists.`);
  }
  if ('compose' in operator && typeof operator.compose === 'function') {
    return registry.add(composedDefinition(operator));
  }
  if ('kernel' in operator && typeof operator.dispatch === 'function') {
    return registry.add(kernelDefinition(operator));
  }
  if ('run' in operator && typeof operator.run === 'function') {
    return registry.add(hostDefinition(operator));
  }
  throw new TypeError(
    `registerOperator: ${name}: expected a function compose, a kernel with a function dispatch, or a function run, got none.`,
  );
}
