// Faults in what plans are made of and by: fusion and chains, memory, which plan serves what, templates, plans made of the one
// before. A named test must notice each.
import { byTest, edit, type Mutant } from './mutant.ts';

const chain = 'src/core/chain.ts';
const fuse = 'src/graph/fuse.ts';
const memory = 'src/graph/memory.ts';
const basis = 'src/graph/basis.ts';
const fusion = 'unit/fusion.test.ts';
const bothForms = 'fused and unfused graphs';
const cases = 'unit/basis.test.ts';
const decisions = 'unit/basis_decisions.test.ts';

export const planningMutants: readonly Mutant[] = [
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
    edit(fuse, 'this.#reading.isKept[value.id] === 1 || ', ''),
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
    edit('src/graph/templates.ts', "${first === i ? '' : first}", ''),
  ),
  byTest(
    'holdings: what other plans hold is released',
    'unit/replanning.test.ts',
    'folds nothing again',
    edit('src/graph/constant_store.ts', 'if (held.holders > 0) continue;', ''),
  ),
  byTest(
    'basis: other contents make no difference',
    decisions,
    'a cache that grows',
    edit(basis, ' || constant !== known) this.#changed', ') this.#changed'),
  ),
  byTest(
    'basis: a value made anew is the one that was there',
    cases,
    'random graphs',
    edit(basis, 'if (value !== was || constant !== known)', 'if (constant !== known)'),
  ),
  byTest(
    'basis: words that are canonical or not make no difference',
    decisions,
    'something else is known',
    edit(basis, '(value.canonical !== (areCanonical[id] === 1) || isMore(value))', 'isMore(value)'),
  ),
  byTest(
    'basis: constants of a plan that is gone',
    cases,
    'attention: two cases',
    edit(
      basis,
      '    if (!held.every(([key, constants]) => holdings.holdAgain(key, constants))) return false;\n',
      '    void held;\n    void holdings;\n',
    ),
  ),
  byTest(
    'basis: other operands of a step make no difference',
    decisions,
    'what a step reads',
    edit(
      basis,
      '      if (!isAlike(steps[i] as Step, planner.steps[i] as Step)) this.#isAlike = false;\n',
      '',
    ),
  ),
  byTest(
    'basis: a step that repeats another for ever',
    decisions,
    'repeat each other',
    edit(
      'src/graph/share.ts',
      '    touched.add(hashes[i] ?? 0);\n    hashes[i] =',
      '    hashes[i] =',
    ),
  ),
  byTest(
    'basis: other steps joined, other places not',
    decisions,
    'joined for some sizes',
    edit(fuse, '!sameNumbers(visit.joins, known.joins)', 'visit.joins.length < 0'),
  ),
  byTest(
    'basis: values that have outgrown their places',
    'unit/basis_parts.test.ts',
    'values that grow',
    edit(memory, ' && [...known.sizes].every(stays)', ''),
  ),
  byTest(
    'basis: values of the plan before left as the next one had them',
    decisions,
    'something else is known',
    edit(basis, 'if (!isSame) again.restore(record);', 'void isSame;'),
  ),
  byTest(
    'planning: a part of a table remembered as long as the first input',
    decisions,
    'a part of a table',
    edit(
      'src/graph/planning.ts',
      'const isOwn = this.#invariants.hasLooked &&',
      'const isOwn = false &&',
    ),
  ),
  byTest(
    'memory: room to grow in where there is none',
    'unit/basis_parts.test.ts',
    'what fits in a limit',
    edit('src/backends/wasm.ts', 'if (least.bytes >= arranged.bytes) throw error;', 'throw error;'),
  ),
];
