// Brings a model's weights to where they stay: into the core's memory, once, whether they lie in the model's file or in
// others, which are streamed there. Tensors of attributes stay in JavaScript's memory, small. Not here: paths and
// addresses (external.ts), the format (onnx/).
import { ModelError } from './core/errors.ts';
import type { Tensor } from './core/tensor.ts';
import { SMALL_BYTES, Weight, type Weights } from './core/weight.ts';
import type { WasmBackend } from './backends/wasm.ts';
import type { FilePart, ReadFile } from './external.ts';
import { subgraphsOf, type Graph } from './graph/graph.ts';

function initializersOf(graph: Graph): Map<Weight, Tensor> {
  const found = new Map<Weight, Tensor>();
  for (const tensor of graph.initializers.values()) {
    const storage = tensor.hostStorage;
    if (storage instanceof Weight) found.set(storage, tensor);
  }
  for (const node of graph.nodes) {
    for (const body of subgraphsOf(node)) {
      for (const [weight, tensor] of initializersOf(body)) found.set(weight, tensor);
    }
  }
  return found;
}

interface OtherFile {
  readonly parts: FilePart[];
  /** What is left to do once it is read. */
  readonly finish: (() => void)[];
  checksum: string | undefined;
}

type Writer = (bytes: Uint8Array, at: number) => void;

/** A place in JavaScript's memory. */
function placeOnHost(weight: Weight): Writer {
  const own = new Uint8Array(weight.byteLength);
  weight.place(() => own);
  return (bytes, at) => own.set(bytes, at);
}

/**
 * Places all weights of a graph; afterwards nothing of them refers to the file that was read.
 *
 * @param read reads other files; it is called once for each, in the order of the model
 * @throws RangeError if they exceed the memory there is; ModelError for a file that is not as the model says
 */
export async function placeWeights(
  graph: Graph,
  weights: Weights,
  backend: WasmBackend,
  read: ReadFile,
): Promise<void> {
  const initializers = initializersOf(graph);
  const inCore = (weight: Weight): boolean =>
    initializers.has(weight) && weight.byteLength > SMALL_BYTES;
  backend.reserve(weights.list.filter(inCore).map((weight) => weight.byteLength));
  const place = (weight: Weight): Writer =>
    inCore(weight) ? backend.place(weight) : placeOnHost(weight);

  const files = new Map<string, OtherFile>();
  for (const weight of weights.list) {
    const { file } = weight;
    if (file === undefined) {
      const bytes = weight.bytes();
      place(weight)(bytes, 0);
      continue;
    }
    const known = files.get(file.location) ?? { parts: [], finish: [], checksum: file.checksum };
    if (known.checksum !== undefined && (file.checksum ?? known.checksum) !== known.checksum) {
      throw new ModelError([
        {
          message: `external data '${file.location}': two checksums: expected one, got ${known.checksum} and ${file.checksum}.`,
          remedy: 'Export the model again.',
        },
      ]);
    }
    known.checksum ??= file.checksum;
    const { offset, length, decode } = file;
    if (decode === undefined) known.parts.push({ offset, length, write: place(weight) });
    else {
      const bytes = new Uint8Array(length);
      known.parts.push({ offset, length, write: (part, at) => bytes.set(part, at) });
      known.finish.push(() => place(weight)(decode(bytes), 0));
    }
    files.set(file.location, known);
  }
  for (const [location, { parts, finish, checksum }] of files) {
    parts.sort((a, b) => a.offset - b.offset);
    await read(location, parts, checksum);
    for (const step of finish) step();
  }
  for (const [weight, tensor] of initializers) {
    if (tensor.dtype !== 'bool' || weight.file === undefined) continue;
    const at = weight.bytes().findIndex((byte) => byte > 1);
    if (at < 0) continue;
    throw new ModelError([
      {
        message: `external data '${weight.file.location}': byte ${weight.file.offset + at} is no bool: expected 0 or 1.`,
        remedy: 'The file is damaged or was written wrongly.',
      },
    ]);
  }
}
