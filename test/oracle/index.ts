// The third implementation of the contract (M2): executes a graph node by node on exact words. It knows
// docs/NUMERICS.md and ONNX, and nothing of the library: no file below this folder imports from src/, wasm/ or
// shaders/ (test/oracle.test.ts looks). Slow on purpose; made to be read beside the contract.
import { operators as attention } from './operators/attention.ts';
import { operators as attentionMs } from './operators/attention_ms.ts';
import { operators as blocks } from './operators/blocks.ts';
import { withFloat16 } from './float16.ts';
import { operators as activation } from './operators/activation.ts';
import { operators as cast } from './operators/cast.ts';
import { operators as convTranspose } from './operators/conv_transpose.ts';
import { operators as einsum } from './operators/einsum.ts';
import { operators as elementwise } from './operators/elementwise.ts';
import { operators as fourier } from './operators/fourier.ts';
import { operators as functions } from './operators/functions.ts';
import { operators as fused } from './operators/fused.ts';
import { operators as gather } from './operators/gather.ts';
import { operators as generate } from './operators/generate.ts';
import { operators as integer } from './operators/integer.ts';
import { operators as gridSample } from './operators/grid_sample.ts';
import { operators as loss } from './operators/loss.ts';
import { operators as maxPool } from './operators/max_pool.ts';
import { operators as ml } from './operators/ml.ts';
import { operators as movement } from './operators/movement.ts';
import { operators as normalization } from './operators/normalization.ts';
import { operators as order } from './operators/order.ts';
import { operators as pool } from './operators/pool.ts';
import { operators as product } from './operators/product.ts';
import { operators as random } from './operators/random.ts';
import { operators as recurrent } from './operators/recurrent.ts';
import { operators as qlinear } from './operators/qlinear.ts';
import { operators as quantize } from './operators/quantize.ts';
import { cumulative, operators as reduce } from './operators/reduce.ts';
import { operators as regions } from './operators/regions.ts';
import { operators as reshape } from './operators/reshape.ts';
import { operators as resize } from './operators/resize.ts';
import { operators as rotary } from './operators/rotary.ts';
import { operators as scatter } from './operators/scatter.ts';
import { operators as selection } from './operators/selection.ts';
import { operators as softmax } from './operators/softmax.ts';
import { operators as state } from './operators/state.ts';
import { operators as training } from './operators/training.ts';
import { operators as trees } from './operators/trees.ts';
import type { OracleAttribute, OracleNode, OracleOperator, OracleTensor } from './types.ts';

/** Operator type to operator; a name of another domain than ONNX's is written `domain:type`. */
export type OracleOperators = Readonly<Record<string, OracleOperator>>;

// One line a file.
const families: readonly OracleOperators[] = [
  activation,
  attention,
  attentionMs,
  blocks,
  cast,
  convTranspose,
  cumulative,
  einsum,
  elementwise,
  fourier,
  functions,
  fused,
  gather,
  generate,
  gridSample,
  integer,
  loss,
  maxPool,
  ml,
  movement,
  normalization,
  order,
  pool,
  product,
  qlinear,
  quantize,
  random,
  recurrent,
  reduce,
  regions,
  reshape,
  resize,
  rotary,
  scatter,
  selection,
  softmax,
  state,
  training,
  trees,
];

/** `domain:type` to operator; ONNX's own domain is ''. */
export const oracleOperators: ReadonlyMap<string, OracleOperator> = new Map(
  families
    .flatMap((family) => Object.entries(family))
    .map(([name, operator]) => [name.includes(':') ? name : `:${name}`, withFloat16(operator)]),
);

/** A graph as the oracle takes it: nodes in an order in which they can be executed. */
export interface OracleGraph {
  readonly nodes: readonly {
    readonly opType: string;
    readonly domain: string;
    readonly inputs: readonly string[];
    readonly outputs: readonly string[];
    readonly attributes: ReadonlyMap<string, OracleAttribute>;
  }[];
  readonly opsets: ReadonlyMap<string, number>;
  readonly initializers: ReadonlyMap<string, OracleTensor>;
  readonly outputs: readonly string[];
}

const DEQUANTISE = /^(com\.microsoft)?:DequantizeLinear$/;

/** The outputs of a graph for given inputs. */
export function runOracle(
  graph: OracleGraph,
  feeds: ReadonlyMap<string, OracleTensor>,
): Map<string, OracleTensor> {
  const values = new Map([...graph.initializers, ...feeds]);
  for (const node of graph.nodes) {
    const name = `${node.domain}:${node.opType}`;
    const operator = oracleOperators.get(name);
    if (operator === undefined) throw new TypeError(`oracle: no operator ${name}.`);
    const one: OracleNode = {
      opType: node.opType,
      domain: node.domain,
      opset: graph.opsets.get(node.domain) ?? 1,
      attributes: node.attributes,
      inputs: node.inputs.map((input) => {
        const value = values.get(input);
        if (input !== '' && value === undefined) {
          throw new TypeError(`oracle: ${name}: no value '${input}'.`);
        }
        return value;
      }),
      outputs: node.outputs.length,
      output: node.outputs.find((name) => name !== '') ?? '',
    };
    const results = operator(one);
    node.outputs.forEach((output, i) => {
      const result = results[i];
      if (output === '') return;
      if (result === undefined) throw new TypeError(`oracle: ${name}: no output ${i}.`);
      // Only what the node itself has dequantised counts as such, not what it passes on.
      const { quantised, ...plain } = result;
      values.set(output, DEQUANTISE.test(name) && quantised !== undefined ? result : plain);
    });
  }
  return new Map(
    graph.outputs.map((name) => {
      const value = values.get(name);
      if (value === undefined) throw new TypeError(`oracle: no output '${name}'.`);
      return [name, value];
    }),
  );
}
