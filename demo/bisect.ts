// "Find the first difference": this device's trace of a picture as a file, and another device's compared with this device's own
// of the same picture: the first node that differs, the first element, and who is right, which the reference in this page
// computes. Loaded when its button is pressed. Nothing is sent anywhere.
import {
  DeviceError,
  load,
  settleTraces,
  Tensor,
  type Backend,
  type Model,
  type Settlement,
  type Trace,
} from '../src/index.ts';
import { MODEL } from './bundled.ts';
import { byId, element, setVerdict } from './elements.ts';
import type { Verdict } from './judge.ts';
import { SIDE, toInput } from './preprocess.ts';
import { readTraceFile, writeTraceFile } from './trace_file.ts';

interface Traced {
  readonly trace: Trace;
  readonly values: Map<string, Uint8Array>;
  readonly backend: Backend;
}

/** On this device's GPU, where it has one that the library uses. */
async function traced(model: Model, picture: Uint8Array): Promise<Traced> {
  const run = async (backend: Backend): Promise<Traced> => {
    const image = new Tensor('float32', toInput(picture), [1, 1, SIDE, SIDE]);
    const values = new Map<string, Uint8Array>();
    const { trace } = await model.run(
      { image },
      { backend, onValue: (digest, bytes) => void values.set(digest, bytes) },
    );
    if (trace === undefined) throw new Error('the model gave no trace.');
    return { trace, values, backend };
  };
  try {
    return await run('webgpu');
  } catch (error) {
    if (error instanceof DeviceError) return run('wasm');
    throw error;
  }
}

const WHO = {
  a: 'this device is right, the other is not',
  b: 'the other device is right, this one is not',
  neither: 'neither device is right',
} as const;

/** The finding in a sentence; `a` is this device. */
export function findingText(found: Settlement | undefined, nodes: number): Verdict {
  if (found === undefined) {
    return { state: 'same', text: `identical: all ${nodes} nodes gave the same bits` };
  }
  const { difference, right, element: first, withheld } = found;
  const { what, operator, node, path } = difference;
  if (right === undefined) {
    const text = what === 'order' ? 'other nodes ran' : `the ${what} is another`;
    return { state: 'partial', text: `not of the same run: ${text}` };
  }
  const where = `${operator} ${node === '' ? '' : `'${node}' `}(node ${path})`;
  const bits =
    first === undefined
      ? withheld === undefined
        ? ''
        : '. The other file does not have the values'
      : `. Element ${first.index} of '${first.output}': expected ${first.expected}, this device ${first.a}, the other ${first.b}`;
  return { state: 'differs', text: `first difference: ${where}: ${WHO[right]}${bits}` };
}

class Panel {
  readonly #pictureOf: () => Uint8Array | undefined;
  readonly #model: Promise<Model>;
  readonly #save = element('a', 'button', 'Save this device’s trace');
  readonly #file = element('input');
  readonly #text = element('textarea', 'paste');
  readonly #verdict = element('div', 'verdict', element('span', 'sign'), element('p'));
  #queue: Promise<void> = Promise.resolve();

  constructor(pictureOf: () => Uint8Array | undefined) {
    this.#pictureOf = pictureOf;
    this.#model = load(MODEL);
    this.#verdict.setAttribute('role', 'status');
    this.#verdict.id = 'bisect-verdict';
    this.#save.id = 'trace-save';
    this.#save.download = 'isobit.trace.json';
    Object.assign(this.#file, { type: 'file', id: 'trace-file', accept: 'application/json,.json' });
    Object.assign(this.#text, { id: 'trace-text', rows: 3, spellcheck: false });
    const fileLabel = element('label', 'label', 'Another device’s trace');
    fileLabel.htmlFor = this.#file.id;
    const textLabel = element('label', 'label', 'Or paste it');
    textLabel.htmlFor = this.#text.id;
    byId('bisect-open', HTMLElement).after(this.#save);
    byId('bisect', HTMLElement).append(
      ...[fileLabel, this.#file, textLabel, this.#text, this.#verdict],
    );
    this.#file.addEventListener('change', () => {
      const [file] = this.#file.files ?? [];
      if (file !== undefined) this.#do('comparing…', async () => this.#compare(await file.text()));
    });
    this.#text.addEventListener('input', () => {
      const text = this.#text.value.trim();
      if (text !== '') this.#do('comparing…', () => this.#compare(text));
    });
  }

  /** Makes this device's trace of the picture that is shown. */
  trace(): void {
    this.#do('tracing…', async () => {
      const picture = this.#pictureOf();
      if (picture === undefined) return { state: 'partial', text: 'there is no picture yet' };
      const { trace, values, backend } = await traced(await this.#model, picture);
      const blob = new Blob([writeTraceFile(picture, trace, values)], { type: 'application/json' });
      URL.revokeObjectURL(this.#save.href);
      this.#save.href = URL.createObjectURL(blob);
      const on = backend === 'webgpu' ? 'the GPU' : 'WebAssembly';
      return {
        state: 'same',
        text: `traced on ${on}: ${trace.nodes.length} nodes, root ${trace.root.slice(0, 16)}…`,
      };
    });
  }

  async #compare(text: string): Promise<Verdict> {
    const { picture = this.#pictureOf(), bundle } = readTraceFile(text);
    if (picture === undefined) return { state: 'partial', text: 'there is no picture yet' };
    const model = await this.#model;
    const { trace, values } = await traced(model, picture);
    const own = { trace, value: (digest: string) => values.get(digest) };
    return findingText(await settleTraces(model, own, bundle), trace.nodes.length);
  }

  /** One after the other, the outcome in the verdict. */
  #do(busy: string, work: () => Promise<Verdict>): void {
    this.#queue = this.#queue.then(async () => {
      setVerdict(this.#verdict, 'busy', busy);
      try {
        const { state, text } = await work();
        setVerdict(this.#verdict, state, text);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        setVerdict(this.#verdict, 'differs', why);
      }
    });
  }
}

let panel: Panel | undefined;

/**
 * Opens the panel, or traces again the picture that is shown now.
 *
 * @param pictureOf 784 grey bytes of the picture that is shown, if one is
 */
export function openBisect(pictureOf: () => Uint8Array | undefined): void {
  panel ??= new Panel(pictureOf);
  panel.trace();
}
