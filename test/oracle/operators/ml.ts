// Binarizer, Scaler and LinearRegressor (ai.onnx.ml): the compositions of NUMERICS.md.
import * as f from '../float.ts';
import { at, inputOf, intOf, floatOf, sizeOf, tensorOf, wordsOf } from '../node.ts';
import type { OracleNode, OracleOperator, OracleTensor } from '../types.ts';
import { operators as product } from './product.ts';

function floats(node: OracleNode, name: string): readonly number[] {
  const found = node.attributes.get(name);
  return found?.type === 'floats' ? found.bits : [];
}

const each = (x: OracleTensor, of: (word: number, i: number) => number): OracleTensor[] => [
  tensorOf('float32', x.dims, wordsOf(x).map(of)),
];

function binarizer(node: OracleNode): OracleTensor[] {
  const threshold = floatOf(node, 'threshold', f.kZero);
  return each(inputOf(node, 0), (word) => (f.compare(word, threshold) === 1 ? f.kOne : f.kZero));
}

function scaler(node: OracleNode): OracleTensor[] {
  const x = inputOf(node, 0);
  const width = x.dims.at(-1) ?? 1;
  const own = (name: string, i: number): number => {
    const list = floats(node, name);
    return at(list, list.length === 1 ? 0 : i % width);
  };
  return each(x, (word, i) => f.multiply(f.subtract(word, own('offset', i)), own('scale', i)));
}

function linearRegressor(node: OracleNode): readonly OracleTensor[] {
  const x = inputOf(node, 0);
  const targets = intOf(node, 'targets', 1);
  const weights = floats(node, 'coefficients');
  const biases = floats(node, 'intercepts');
  const gemm = product['Gemm'];
  if (gemm === undefined) throw new TypeError('no Gemm');
  return gemm({
    ...{ opType: 'Gemm', domain: '', opset: 13, outputs: 1, output: '' },
    attributes: new Map([['transB', { type: 'int', value: 1 } as const]]),
    inputs: [
      x,
      tensorOf('float32', [targets, sizeOf([weights.length]) / targets], weights),
      biases.length === 0 ? undefined : tensorOf('float32', [targets], biases),
    ],
  });
}

export const operators: Readonly<Record<string, OracleOperator>> = {
  'ai.onnx.ml:Binarizer': binarizer,
  'ai.onnx.ml:Scaler': scaler,
  'ai.onnx.ml:LinearRegressor': linearRegressor,
};
