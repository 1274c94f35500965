// A small model with a value of each kind that a comparison with another runtime meets: floats of three widths, integers,
// booleans, strings, a sequence, a branch, a draw by chance, a node that no output needs, and weights.
import { Tensor } from '../../src/core/tensor.ts';
import type { Attribute, Graph, Node } from '../../src/graph/graph.ts';

type Attributes = Record<string, Attribute>;

const nodeOf =
  (nodes: Node[]) =>
  (opType: string, inputs: string[], outputs: string[], attributes: Attributes = {}): void => {
    const index = nodes.length;
    const shared = { domain: '', attributes: new Map(Object.entries(attributes)) };
    nodes.push({ ...shared, index, name: `${opType}_${index}`, opType, inputs, outputs });
  };

/** ONNX's numbers of types. */
const TYPES = { float32: 1, int64: 7, bool: 9, float16: 10, float64: 11 };
const to = (type: keyof typeof TYPES): Attributes => ({ to: { type: 'int', value: TYPES[type] } });

function branch(opType: string): Graph {
  const nodes: Node[] = [];
  nodeOf(nodes)(opType, ['x'], ['inner']);
  nodeOf(nodes)('Add', ['inner', 'w'], ['chosen']);
  const outputs = [{ name: 'chosen', dtype: 'float32' as const, dims: [4] }];
  const none = { inputs: [], initializers: new Map(), valueInfo: new Map(), opsets: new Map() };
  return { name: opType, nodes, outputs, ...none };
}

/** The model; its weights `w` are [0.5, 1, 1.5, 2] and `factor`. */
export function mixedModel(factor = 1): Graph {
  const nodes: Node[] = [];
  const node = nodeOf(nodes);
  node('Mul', ['x', 'w'], ['p']);
  node('Exp', ['p'], ['e']);
  node('Cast', ['e'], ['half'], to('float16'));
  node('Mul', ['half', 'half'], ['half_square']);
  node('Cast', ['e'], ['wide'], to('float64'));
  node('Cast', ['wide'], ['back'], to('float32'));
  node('Cast', ['e'], ['whole'], to('int64'));
  node('Greater', ['x', 'w'], ['mask']);
  node('Not', ['mask'], ['unmasked']);
  node('Identity', ['text'], ['text_copy']);
  node('SequenceConstruct', ['e', 'p'], ['list']);
  node('SequenceAt', ['list', 'one'], ['item']);
  node('RandomNormalLike', ['x'], ['drawn']);
  node('Abs', ['drawn'], ['drawn_abs']);
  node('ReduceMax', ['whole'], ['top'], { keepdims: { type: 'int', value: 0 } });
  node('Greater', ['top', 'one'], ['condition']);
  node('If', ['condition'], ['branch'], {
    then_branch: { type: 'graph', value: branch('Sin') },
    else_branch: { type: 'graph', value: branch('Cos') },
  });
  node('Neg', ['x'], ['unused']);
  const outputs = ['half_square', 'back', 'unmasked', 'text_copy', 'item', 'drawn_abs', 'branch'];
  return {
    name: 'mixed',
    nodes,
    inputs: [{ name: 'x', dtype: 'float32', dims: [4] }],
    outputs: outputs.map((name) => ({ name })),
    initializers: new Map([
      ['w', new Tensor('float32', [0.5 * factor, 1, 1.5, 2], [4])],
      ['one', new Tensor('int64', [1n], [])],
      ['text', new Tensor('string', ['a', 'ü'], [2])],
    ]),
    valueInfo: new Map(),
    opsets: new Map([['', 17]]),
  };
}
