// Faults in the TypeScript of the library and of its tools: planning, fusion, memory, reading of files, digests, the
// comparison itself. A named test must notice each.
import { byCases, byTest, edit, type Mutant } from './mutant.ts';

const compare = 'src/compare.ts';
const digest = 'src/core/digest.ts';
const chain = 'src/core/chain.ts';
const fuse = 'src/graph/fuse.ts';
const memory = 'src/graph/memory.ts';
const fusion = 'unit/fusion.test.ts';
const bothForms = 'fused and unfused graphs';

export const libraryMutants: readonly Mutant[] = [
  // The comparison.
  byTest(
    'comparer: elements compared as numbers',
    'unit/compare.test.ts',
    'compareTensors',
    edit(
      compare,
      'if (left[k] === right[k]) continue;',
      'if (a.dtype === "float32" && (Object.is((a.data as Float32Array)[i], (b.data as Float32Array)[i]) || (a.data as Float32Array)[i] === (b.data as Float32Array)[i])) continue;\n      if (left[k] === right[k]) continue;',
    ),
  ),
  byTest(
    'comparer: the last element left out',
    'unit/compare.test.ts',
    'compareTensors',
    edit(
      compare,
      'for (let i = 0; i < a.size; i += 1) {',
      'for (let i = 0; i < a.size - 1; i += 1) {',
    ),
  ),
  byTest(
    'comparer: a missing output is no difference',
    'unit/compare.test.ts',
    'compareOutputs',
    edit(
      compare,
      'left === undefined && right === undefined',
      'left === undefined || right === undefined',
    ),
  ),
  byTest(
    'comparer: another shape is no difference',
    'unit/compare.test.ts',
    'compareTensors',
    edit(compare, ' || a.dims.join() !== b.dims.join()', ''),
  ),
  byTest(
    'comparer: always identical',
    'unit/compare.test.ts',
    'compareOutputs',
    edit(compare, 'identical: differences.length === 0', 'identical: true'),
  ),
  // Digests.
  byTest(
    'digest: the shape left out',
    'unit/tensor.test.ts',
    'digests',
    edit(digest, 'for (const dim of tensor.dims) u64(sink, dim);', ''),
  ),
  byTest(
    'digest: the element type left out',
    'unit/tensor.test.ts',
    'digests',
    edit(digest, '  text(sink, tensor.dtype);\n', ''),
  ),
  byTest(
    'digest: the contract version left out',
    'unit/tensor.test.ts',
    'digests',
    edit(digest, '  u64(sink, contract.version);\n', ''),
  ),
  // Graph passes.
  byTest(
    'fusion: a value with a second reader joined away',
    fusion,
    bothForms,
    edit(fuse, 'readers[value.id] !== 1', 'readers[value.id] === undefined'),
  ),
  byTest(
    'fusion: an output of the graph joined away',
    fusion,
    bothForms,
    edit(fuse, 'kept.has(value) || ', ''),
  ),
  byTest(
    'chains: moved words taken for canonical',
    fusion,
    'words that were moved',
    edit(
      chain,
      'known.push(program.loads[step.args[0] ?? 0]?.value.canonical ?? false);',
      'known.push(true);',
    ),
  ),
  byTest(
    'fusion: a broadcast load taken for a dense one',
    fusion,
    bothForms,
    edit(
      fuse,
      'chain.dims[axis] === 1 || s === dense[axis]',
      's >= 0 || chain.dims[axis] === 1 || s === dense[axis]',
    ),
    edit(fuse, 'if (sizeOf(dims) !== sizeOf(chain.dims)) return undefined;', ''),
  ),
  byTest(
    'chains: a register given away before its last reader',
    fusion,
    bothForms,
    edit(chain, '(lastUse[holder] ?? 0) < i)', '(lastUse[holder] ?? 0) < i + 1)'),
    edit(
      chain,
      'for (const arg of step.args) lastUse[arg] = i;',
      'for (const arg of step.args) lastUse[arg] = i - 1;',
    ),
  ),
  byTest(
    'chains: joined as a copy whose loads lie elsewhere',
    'unit/chain_join.test.ts',
    'a load that a copy has in common',
    edit('src/core/chain_join.ts', '`${at} ${place.join()}`', '`${at}`'),
  ),
  byTest(
    'chains: words of a copy with other inputs',
    'unit/chain_join.test.ts',
    'the words of copies',
    edit('src/core/words.ts', 'one.inputs === first && ', ''),
  ),
  byTest(
    'chains: words of a copy with outputs of another size',
    'unit/chain_join.test.ts',
    'the words of copies',
    edit('src/core/words.ts', ' && one.bytes === bytes', ''),
  ),
  byTest(
    'chains: words of a copy with other Params',
    'unit/chain_join.test.ts',
    'the words of copies',
    edit('src/core/words.ts', 'others.get(params)', 'others.get(original as Uint32Array)'),
    edit(
      'src/core/words.ts',
      'others.set(params, (all',
      'others.set(original as Uint32Array, (all',
    ),
  ),
  byTest(
    'chains: carried over to the dims of a copy',
    'unit/chain_join.test.ts',
    'copies are fused',
    edit('src/graph/fuse.ts', 'const key = dims.join();', "const key = '';"),
  ),
  byTest(
    'planning: contents that few nodes wait for are taken at once',
    'unit/contents.test.ts',
    'what few nodes wait for leaves',
    edit('src/node_sets.ts', 'if (2 * count <= nodes.length) return false;', ''),
  ),
  byTest(
    'planning: contents are waited for in every run',
    'unit/contents.test.ts',
    'what most nodes wait for',
    edit('src/node_sets.ts', 'this.#waitedFor.set(nodes, names.add(name));', ''),
  ),
  byTest(
    'planning: nodes that wait for the host are taken for such that wait for contents',
    'unit/contents.test.ts',
    'nodes that wait for something else',
    edit('src/node_sets.ts', 'if (left.has(node)) count += 1;', ''),
    edit('src/node_sets.ts', 'let count = 0;', 'const count = left.size;'),
  ),
  byTest(
    'products: what few rows read packed by a step of its own',
    'unit/attention_steps.test.ts',
    'attention over a cache',
    edit('src/ops/product.ts', 'const isPacked = !isReadOnce ||', 'const isPacked = isReadOnce ||'),
  ),
  byTest(
    'memory: a value overwritten while its last reader runs',
    fusion,
    bothForms,
    edit(
      memory,
      'for (const value of inputsOf(dispatch)) touch(value, i);',
      'for (const value of inputsOf(dispatch)) touch(value, i - 1);',
    ),
  ),
  byTest(
    'memory: outputs not kept to the end',
    fusion,
    bothForms,
    edit(memory, 'for (const value of plan.outputs.values()) touch(value, plan.steps.length);', ''),
  ),
  byTest(
    'planning: one plan for all shapes',
    'unit/session.test.ts',
    'a row has the same bits',
    edit(
      'src/stages.ts',
      'const key = `${kind} ${signatureOf(feeds)}`;',
      'const key = `${kind} ${[...feeds.keys()].join()}`;',
    ),
  ),
  byTest(
    'planning: the plan used last, for every shape',
    'unit/stages.test.ts',
    'another size',
    edit('src/graph/plan.ts', '!sameShape(dims, other.dims)', 'false'),
  ),
  byTest(
    'templates: contents that were read make no difference',
    'unit/templates.test.ts',
    'contents of constants',
    edit('src/graph/templates.ts', 'idOf(place) === id', 'idOf(place) !== undefined'),
  ),
  byTest(
    'templates: one value twice is two values',
    'unit/templates.test.ts',
    'one value twice',
    edit(
      'src/graph/planning.ts',
      "${inputs.indexOf(value) === i ? '' : inputs.indexOf(value)}",
      '',
    ),
  ),
  byTest(
    'holdings: what other plans hold is released',
    'unit/replanning.test.ts',
    'folds nothing again',
    edit('src/graph/constant_store.ts', 'if (held.holders > 0) continue;', ''),
  ),
  byTest(
    'slices: a unit skipped where a slice ends',
    'unit/session.test.ts',
    'a run in slices',
    edit(
      'wasm/run.c',
      'cursor->unit = end;\n    if',
      'cursor->unit = end + (end < c->units);\n    if',
    ),
  ),
  byTest(
    'reader: nodes in the order of the file',
    'unit/onnx_model.test.ts',
    'nodes are sorted',
    edit(
      'src/graph/sort.ts',
      'for (const node of graph.nodes) if (missing.get(node) === 0) ready.push(node);',
      'for (const node of graph.nodes) ready.push(node);',
    ),
  ),
  byTest(
    'reader: a bit of a weight flipped',
    'models/demo.test.ts',
    'the bundled digits',
    edit(
      'src/onnx/tensor.ts',
      'const plain = unpacked(dtype, raw, size);',
      'const plain = unpacked(dtype, raw, size).map((byte, i) => (i === 2 ? byte ^ 1 : byte));',
    ),
  ),
  // Compositions (V7) and index arithmetic in the operators' own text.
  byCases(
    'LayerNormalization: d times (inv times scale)',
    ['normalization'],
    [
      edit(
        'src/ops/normalization.ts',
        "c.op('mul_f32', c.op('mul_f32', c.f32(d), c.f32(inv)), c.f32(scale))",
        "c.op('mul_f32', c.f32(d), c.op('mul_f32', c.f32(inv), c.f32(scale)))",
      ),
    ],
  ),
  byCases(
    'appended rows: narrow elements moved as if they were words',
    ['group_query'],
    [edit('src/ops/append_rows.ts', 'constants: { UNIT_SHIFT: shift },', '')],
    'E',
  ),
  byCases(
    'resizing: one list of weights for all positions far from the edges',
    ['resize'],
    [
      edit(
        'src/ops/resize_positions.ts',
        'known.get(rest)',
        'known.get(known.size === 0 ? rest : ([...known.keys()][0] ?? rest))',
      ),
    ],
  ),
  byCases(
    'resizing: weights of a line the wrong way round',
    ['resize'],
    [
      edit(
        'src/ops/resize_positions.ts',
        '[(whole - rest) / whole, rest / whole]',
        '[rest / whole, (whole - rest) / whole]',
      ),
    ],
  ),
  byCases(
    'resizing: an edge that is repeated taken for the inside',
    ['resize'],
    [
      edit(
        'src/ops/resize_positions.ts',
        'if (first < reach || first + reach + 1 >= axis.from)',
        'if (first < 0 || first >= axis.from)',
      ),
    ],
  ),
  byCases(
    'heads beside others read from the beginning of a row',
    ['group_query'],
    [edit('src/ops/attend.ts', 'size, width, 1], offset: from }', 'size, width, 1], offset: 0 }')],
  ),
  byCases(
    'the elements of a head that are not turned, from its beginning',
    ['rotary'],
    [edit('src/ops/attend.ts', 'offset: offset + from }', 'offset }')],
  ),
  byTest(
    'an output that is a feed computed over it',
    'unit/kept.test.ts',
    'the caller',
    edit('src/backends/wasm/lent.ts', 'if (!fed.has(root)) ', ''),
  ),
  byTest(
    'a core whose memory a caller holds lent to another model',
    'unit/kept.test.ts',
    'another model takes them',
    edit('src/backends/wasm/spare.ts', ' || heap.lent > 0', ''),
  ),
  byTest(
    'nothing submitted while a run waits',
    'unit/read_back.test.ts',
    'empty submissions',
    edit('src/backends/webgpu/device.ts', 'setTimeout(submit, wait)', 'setTimeout(() => {}, wait)'),
  ),
  byTest(
    'what a run reads freed on its way',
    'unit/kept_memory.test.ts',
    'of what a run reads',
    edit('src/backends/wasm/lent.ts', '        storage.retain();\n', ''),
  ),
];
