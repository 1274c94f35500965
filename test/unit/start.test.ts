// What load() does while a model is on its way: the core is compiled meanwhile, once; a model that never comes leaves nothing
// that the next one could trip over; and the core is the same however it is inflated.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { f32, graphOf } from '../harness/graphs.ts';
import { writeModel } from '../../src/onnx/writer.ts';

const relu = writeModel(
  graphOf([{ op: 'Relu', inputs: ['x'], outputs: ['y'] }], [f32('x', 3)], ['y']),
);

/** An export of the core. */
const RUN = 'run_commands';

beforeEach(() => vi.resetModules());
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** A library that has loaded nothing yet. */
const fresh = () => import('../../src/index.ts');

test('compiles the core before the model is there, and once', async () => {
  const compile = vi.spyOn(WebAssembly, 'compile');
  // Others compile too: what Node reads streams with.
  const cores = (): number =>
    compile.mock.calls.filter(([bytes]) => Buffer.from(bytes as ArrayBuffer).includes(RUN)).length;
  const { load, Tensor } = await fresh();
  expect(cores()).toBe(0);
  let send: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({ start: (controller) => void (send = controller) });
  const loading = load(new Response(body), { threads: 1 });
  await vi.waitFor(() => expect(cores()).toBe(1));
  send?.enqueue(relu);
  send?.close();
  const model = await loading;
  const x = new Tensor('float32', [-1, 0, 2], [3]);
  const { outputs } = await model.run({ x }, { backend: 'wasm' });
  expect([...(outputs['y']?.data ?? [])]).toEqual([0, 0, 2]);
  model.dispose();
  expect(cores()).toBe(1);
});

test('a core that cannot be compiled is load’s error, and the next load’s to try again', async () => {
  const { load } = await fresh();
  vi.spyOn(WebAssembly, 'compile').mockRejectedValueOnce(new WebAssembly.CompileError('planted'));
  await expect(load(relu, { threads: 1 })).rejects.toThrow('planted');
  (await load(relu, { threads: 1 })).dispose();
});

test('a model that is none leaves no unhandled rejection behind', async () => {
  const { load, ModelError } = await fresh();
  vi.spyOn(WebAssembly, 'compile').mockRejectedValueOnce(new WebAssembly.CompileError('planted'));
  await expect(load(new Uint8Array([255, 1, 2]), { threads: 1 })).rejects.toThrow(ModelError);
  await new Promise((resolve) => setTimeout(resolve, 20));
});

test('the core is inflated alike by Node, by streams, and where the engine decodes base64', async () => {
  const bytes: Uint8Array[] = [];
  const { compile } = WebAssembly;
  vi.spyOn(WebAssembly, 'compile').mockImplementation((source) => {
    bytes.push(new Uint8Array(source as ArrayBuffer));
    return compile(source);
  });
  const inflate = async (): Promise<void> => {
    vi.resetModules();
    const { compiledModule } = await import('../../src/backends/wasm/modules.ts');
    await compiledModule('core', false);
  };
  const decode = vi.fn<(text: string) => Uint8Array>(
    (text) => new Uint8Array(Buffer.from(text, 'base64')),
  );
  let streams = 0;
  class Counted extends DecompressionStream {
    constructor(format: CompressionFormat) {
      super(format);
      streams += 1;
    }
  }
  vi.stubGlobal('DecompressionStream', Counted);
  const builtin = Object.getOwnPropertyDescriptor(process, 'getBuiltinModule');
  if (builtin === undefined) throw new Error('process has no getBuiltinModule');
  await inflate();
  expect(streams).toBe(0);
  try {
    Object.defineProperty(process, 'getBuiltinModule', { ...builtin, value: undefined });
    await inflate();
    Object.assign(Uint8Array, { fromBase64: decode });
    await inflate();
  } finally {
    Object.defineProperty(process, 'getBuiltinModule', builtin);
    Reflect.deleteProperty(Uint8Array, 'fromBase64');
  }
  expect(streams).toBe(2);
  expect(decode).toHaveBeenCalledTimes(1);
  expect(bytes[0]?.length).toBeGreaterThan(1000);
  expect(bytes[1]).toEqual(bytes[0]);
  expect(bytes[2]).toEqual(bytes[0]);
});
