// Runs the examples of the documentation as a page would: `isobit` is the library, and addresses that begin with `/`
// are files of demo/public. Runs in Node and, bundled, on a stack. What an example prints is given back, not judged.
import type * as Isobit from '../../src/index.ts';

/** JavaScript that takes `isobit`, `fetch` and `console`. */
export interface Script {
  readonly name: string;
  readonly code: string;
}

export interface Printed {
  readonly name: string;
  /** The arguments of each console.log. */
  readonly lines: readonly (readonly unknown[])[];
}

export type ReadFile = (path: string) => Promise<Uint8Array>;

type Run = (
  isobit: object,
  fetch: (address: string) => Promise<Response>,
  console: { log: (...line: unknown[]) => void },
) => Promise<void>;

const AsyncFunction = Object.getPrototypeOf(async () => undefined).constructor as new (
  ...text: string[]
) => Run;

/** @param readPublic reads a file of demo/public, by its path there */
export async function runExample(
  { name, code }: Script,
  isobit: typeof Isobit,
  readPublic: ReadFile,
): Promise<Printed> {
  const lines: unknown[][] = [];
  const fetch = async (address: string): Promise<Response> =>
    new Response(new Uint8Array(await readPublic(address)));
  const load: typeof Isobit.load = async (source, options) =>
    isobit.load(
      typeof source === 'string' && source.startsWith('/') ? await fetch(source) : source,
      options,
    );
  const run = new AsyncFunction('isobit', 'fetch', 'console', code);
  await run({ ...isobit, load }, fetch, { log: (...line) => void lines.push(line) });
  return { name, lines };
}
