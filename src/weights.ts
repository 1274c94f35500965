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

  const files = new Map<string, { parts: FilePart[]; checksum: string | undefined }>();
  for (const weight of weights.list) {
    const { file, byteLength } = weight;
    if (file === undefined) {
      const bytes = weight.bytes();
      place(weight)(bytes, 0);
      continue;
    }
    const known = files.get(file.location) ?? { parts: [], checksum: file.checksum };
    if (known.checksum !== undefined && (file.checksum ?? known.checksum) !== known.checksum) {
      throw new ModelError([
        {
          message: `external data '${file.location}': two checksums: expected one, got ${known.checksum} and ${file.checksum}.`,
          remedy: 'Export the model again.',
        },
      ]);
    }
    known.checksum ??= file.checksum;
    known.parts.push({ offset: file.offset, length: byteLength, write: place(weight) });
    files.set(file.location, known);
  }
  for (const [location, { parts, checksum }] of files) {
    parts.sort((a, b) => a.offset - b.offset);
    await read(location, parts, checksum);
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
