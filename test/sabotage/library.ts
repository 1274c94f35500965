// Faults in the TypeScript of the library and of its tools: planning (planning.ts), reading of files, digests, the comparison
// itself. A named test must notice each.
import { byCases, byTest, edit, type Mutant } from './mutant.ts';
import { planningMutants } from './planning.ts';

const compare = 'src/compare.ts';
const digest = 'src/core/digest.ts';

export const libraryMutants: readonly Mutant[] = [
  ...planningMutants,
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
  // Runs and files.
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
