// The digest of a model: SHA-256 of the canonical JSON of its graph, with the digests of its weights in it. What does not
// decide a result is not in it: names of nodes and graphs, documentation, metadata, who exported it, how and in which file
// weights are stored, shapes that are merely noted, versions of domains that no node is of. So re-saving a file, or moving its
// weights out of it, does not change it; another attribute, weight, name of a value or order of nodes does. Local functions
// are in it as the nodes they stand for.
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { hex32 } from '../core/bits.ts';
import { formatType } from '../core/data.ts';
import type { Attribute, Graph, Node, ValueInfo } from '../graph/graph.ts';
import { canonicalBytes, type Json } from './canonical.ts';
import { digestOfValue } from './digests.ts';

const FORMAT = 'isobit-model/1';

const floats = new Float32Array(1);
const words = new Uint32Array(floats.buffer);
/** JSON has no infinities, no NaN and no -0 that survives everywhere. */
function bitsOf(value: number): string {
  floats[0] = value;
  return hex32(words[0] ?? 0);
}

async function attributeOf(attribute: Attribute): Promise<Json> {
  const { type, value } = attribute;
  switch (type) {
    case 'float':
      return { type, value: bitsOf(value) };
    case 'floats':
      return { type, value: value.map(bitsOf) };
    case 'tensor':
      return { type, value: await digestOfValue(value) };
    case 'tensors':
      return { type, value: await Promise.all(value.map(digestOfValue)) };
    case 'graph':
      return { type, value: await graphOf(value) };
    case 'graphs':
      return { type, value: await Promise.all(value.map(graphOf)) };
    case 'type':
      return { type, value: formatType(value) };
    case 'int':
    case 'ints':
    case 'string':
    case 'strings':
    case 'other':
      return { type, value };
    default:
      throw new TypeError(`unknown attribute ${String(attribute satisfies never)}`);
  }
}

/** Optional values that are absent at the end may be written or not. */
function withoutAbsent(names: readonly string[]): readonly string[] {
  return names.slice(0, names.findLastIndex((name) => name !== '') + 1);
}

async function nodeOf({ domain, opType, inputs, outputs, attributes }: Node): Promise<Json> {
  const entries = [...attributes].map(async ([name, one]) => [name, await attributeOf(one)]);
  return {
    ...{ domain, opType, inputs: withoutAbsent(inputs), outputs: withoutAbsent(outputs) },
    attributes: Object.fromEntries(await Promise.all(entries)) as Json,
  };
}

const inputOf = ({ name, dtype, dims, otherType }: ValueInfo): Json => ({
  name,
  type: dtype ?? otherType ?? null,
  dims: dims?.map((dim) => dim ?? null) ?? null,
});

async function graphOf({ inputs, outputs, initializers, nodes }: Graph): Promise<Json> {
  // One after the other: each is copied to be hashed.
  const weights: Record<string, string> = {};
  for (const [name, tensor] of initializers) weights[name] = await digestOfValue(tensor);
  return {
    inputs: inputs.map(inputOf),
    outputs: outputs.map(({ name }) => name),
    initializers: weights,
    nodes: await Promise.all(nodes.map(nodeOf)),
  };
}

function domainsOf({ nodes }: Graph, into = new Set<string>()): Set<string> {
  for (const node of nodes) {
    into.add(node.domain);
    for (const attribute of node.attributes.values()) {
      if (attribute.type === 'graph') domainsOf(attribute.value, into);
      if (attribute.type === 'graphs') for (const one of attribute.value) domainsOf(one, into);
    }
  }
  return into;
}

/** 64 hex digits that stand for graph and weights. */
export async function digestOfModel(graph: Graph): Promise<string> {
  const domains = domainsOf(graph);
  const opsets = [...graph.opsets].filter(([domain]) => domains.has(domain));
  return bytesToHex(
    sha256(
      canonicalBytes({
        format: FORMAT,
        opsets: Object.fromEntries(opsets),
        graph: await graphOf(graph),
      }),
    ),
  );
}
