// What `npm run bench:page` runs in a page: a library is imported and runs a model once, with times of both. Nothing is imported
// before that, so what is timed is what a page meets. All inputs are float32, of zeros; dims without a size are 1.
export interface Sample {
  /** Milliseconds of the import. */
  readonly load: number;
  /** Milliseconds from the model's address to its first outputs. */
  readonly first: number;
}

export type Side = (addresses: { library: string; model: string }) => Promise<Sample>;

export const ours: Side = async ({ library, model }) => {
  const begin = performance.now();
  const { load, Tensor } = (await import(
    /* @vite-ignore */ library
  )) as typeof import('../../src/index.ts');
  const imported = performance.now();
  const session = await load(new URL(model), { threads: 1 });
  const feeds = Object.fromEntries(
    session.inputs.map(({ name, dtype, dims = [] }) => {
      const shape = dims.map((dim) => (typeof dim === 'number' ? dim : 1));
      const size = shape.reduce((product, dim) => product * dim, 1);
      if (dtype !== 'float32') throw new TypeError(`${name}: expected float32, got ${dtype}`);
      return [name, new Tensor(dtype, new Float32Array(size), shape)];
    }),
  );
  await session.run(feeds, { backend: 'wasm' });
  return { load: imported - begin, first: performance.now() - imported };
};

export const theirs: Side = async ({ library, model }) => {
  interface Ort {
    env: { wasm: { numThreads: number }; logLevel: string };
    Tensor: new (type: string, data: Float32Array, dims: readonly number[]) => object;
    InferenceSession: {
      create(address: string): Promise<{
        inputMetadata: readonly { name: string; shape: readonly (number | string)[] }[];
        run(feeds: object): Promise<object>;
      }>;
    };
  }
  const begin = performance.now();
  const ort = (await import(/* @vite-ignore */ library)) as Ort;
  const imported = performance.now();
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  const session = await ort.InferenceSession.create(model);
  const feeds = Object.fromEntries(
    session.inputMetadata.map(({ name, shape }) => {
      const dims = shape.map((dim) => (typeof dim === 'number' ? dim : 1));
      const size = dims.reduce((product, dim) => product * dim, 1);
      return [name, new ort.Tensor('float32', new Float32Array(size), dims)];
    }),
  );
  await session.run(feeds);
  return { load: imported - begin, first: performance.now() - imported };
};
