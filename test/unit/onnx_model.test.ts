// ONNX files: round trips, damage at every byte, and every rule whose breach must be a ModelError that says which
// field, node or value is wrong, all of them at once.

import { PbfWriter } from 'pbf';
import { describe, expect, test } from 'vitest';
import { ModelError, UnsupportedOpError } from '../../src/core/errors.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { type Attribute, type Graph, type Node, type ValueInfo } from '../../src/graph/graph.ts';
import { readModel } from '../../src/onnx/model.ts';
import { writeModel, writeTensor } from '../../src/onnx/writer.ts';

function node(
  opType: string,
  inputs: string[],
  outputs: string[],
  attributes: Record<string, Attribute> = {},
): Node {
  return {
    index: 0,
    name: outputs[0] ?? '',
    domain: '',
    opType,
    inputs,
    outputs,
    attributes: new Map(Object.entries(attributes)),
  };
}

function graph(nodes: Node[], parts: Partial<Graph> = {}): Graph {
  const io = (name: string): ValueInfo => ({ name, dtype: 'float32', dims: ['N', 2, undefined] });
  const inputs = parts.inputs ?? [io('x')];
  const outputs = parts.outputs ?? [io('y')];
  return {
    name: 'g',
    nodes: nodes.map((item, index) => ({ ...item, index })),
    inputs,
    outputs,
    initializers: new Map(),
    valueInfo: new Map([...inputs, ...outputs].map((info) => [info.name, info])),
    opsets: new Map([['', 17]]),
    ...parts,
  };
}

function problemsOf(read: () => unknown): string[] {
  try {
    read();
  } catch (error) {
    if (error instanceof ModelError) return error.message.split('\n');
    throw error;
  }
  throw new Error('expected a ModelError');
}

const inner = graph([node('Add', ['x', 'two'], ['z'])], {
  name: 'inner',
  inputs: [],
  outputs: [{ name: 'z' }],
});

const rich = graph(
  [
    node('If', ['c'], ['a'], {
      then_branch: { type: 'graph', value: inner },
      else_branch: { type: 'graph', value: inner },
    }),
    node('Everything', ['a', '', 'x'], ['b', ''], {
      float: { type: 'float', value: Math.fround(0.1) },
      int: { type: 'int', value: -3 },
      zero: { type: 'int', value: 0 },
      string: { type: 'string', value: 'é' },
      tensor: { type: 'tensor', value: new Tensor('int64', [1, -1], [2]) },
      floats: { type: 'floats', value: [1, -0, Infinity] },
      none: { type: 'floats', value: [] },
      ints: { type: 'ints', value: [1, -1, 2 ** 53 - 1, -(2 ** 53 - 1)] },
      strings: { type: 'strings', value: ['', 'b'] },
      tensors: { type: 'tensors', value: [new Tensor('float32', [1], [])] },
      graphs: { type: 'graphs', value: [inner] },
    }),
    { ...node('Other', ['b'], ['y']), domain: 'com.example' },
  ],
  {
    initializers: new Map([
      ['two', new Tensor('float32', [2], [])],
      ['c', new Tensor('bool', [true], [])],
    ]),
    opsets: new Map([
      ['', 17],
      ['com.example', 1],
    ]),
  },
);

describe('round trips', () => {
  test('everything a graph can hold', () => {
    const file = writeModel(rich);
    const back = readModel(file);
    expect([back.name, back.inputs, back.outputs, back.opsets]).toEqual([
      'g',
      rich.inputs,
      rich.outputs,
      rich.opsets,
    ]);
    expect(back.nodes.map(({ attributes, ...rest }) => [rest, attributes.size])).toEqual(
      rich.nodes.map(({ attributes, ...rest }) => [rest, attributes.size]),
    );
    const [first, second] = back.nodes;
    const wanted = rich.nodes[1]?.attributes;
    for (const name of ['float', 'int', 'zero', 'string', 'floats', 'none', 'ints', 'strings']) {
      expect(second?.attributes.get(name), name).toEqual(wanted?.get(name));
    }
    const tensor = second?.attributes.get('tensor');
    expect(tensor?.type === 'tensor' && tensor.value.numbers()).toEqual([1, -1]);
    const branch = first?.attributes.get('then_branch');
    expect(branch?.type === 'graph' && branch.value.nodes[0]?.inputs).toEqual(['x', 'two']);
    expect(back.initializers.get('two')?.numbers()).toEqual([2]);
    expect(writeModel(back)).toEqual(file);
  });

  test("initializers among the inputs (IR version 3) are no inputs of the caller's", () => {
    const x: ValueInfo = { name: 'x', dtype: 'float32', dims: [2] };
    const w: ValueInfo = { name: 'w', dtype: 'float32', dims: [2] };
    const model = graph([node('Add', ['x', 'w'], ['y'])], {
      inputs: [x, w],
      initializers: new Map([['w', new Tensor('float32', [1, 2], [2])]]),
    });
    const back = readModel(writeModel(model));
    expect(back.inputs.map((input) => input.name)).toEqual(['x']);
    expect(back.valueInfo.get('w')).toEqual(w);
  });

  test('dimensions keep their names', () => {
    expect(readModel(writeModel(graph([node('Relu', ['x'], ['y'])]))).inputs[0]?.dims).toEqual([
      'N',
      2,
      undefined,
    ]);
  });
});

describe('damage', () => {
  const file = writeModel(rich);

  test('cut at every byte: always a ModelError', () => {
    for (let length = 0; length < file.length; length++) {
      expect(() => readModel(file.subarray(0, length)), `${length} bytes`).toThrow(ModelError);
    }
  });

  test('a flipped bit anywhere: a graph or a ModelError, never another error, never a hang', () => {
    let refused = 0;
    for (let bit = 0; bit < file.length * 8; bit++) {
      const bad = file.slice();
      bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      try {
        readModel(bad);
      } catch (error) {
        expect(error, `bit ${bit}`).toBeInstanceOf(ModelError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(file.length);
  });

  test('a byte replaced by 0, 0x7f, 0x80 and 0xff', () => {
    for (let at = 0; at < file.length; at++) {
      for (const value of [0, 0x7f, 0x80, 0xff]) {
        const bad = file.slice();
        bad[at] = value;
        try {
          readModel(bad);
        } catch (error) {
          expect(error, `byte ${at}`).toBeInstanceOf(ModelError);
        }
      }
    }
  });

  test('the message says which field and how much is missing', () => {
    expect(problemsOf(() => readModel(file.subarray(0, file.length - 3)))).toEqual([
      expect.stringMatching(/^model\.opset_import: cut short: expected 15 bytes, got 12\./),
    ]);
    expect(problemsOf(() => readModel(file.subarray(0, 40)))[0]).toMatch(
      /^model\.graph: cut short: expected \d+ bytes, got \d+\./,
    );
  });

  test('other files', () => {
    const text = (content: string): (() => unknown) => {
      return () => readModel(new TextEncoder().encode(content));
    };
    expect(text('')).toThrow('the file is empty');
    expect(
      text('<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head><body></body></html>'),
    ).toThrow("the file is text: expected an ONNX model, got '<!DOCTYPE html>'");
    expect(text('version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n')).toThrow(
      'Git LFS',
    );
    expect(text('hello')).toThrow(ModelError);
    expect(() => readModel(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0))).toThrow(
      ModelError,
    );
    expect(() => readModel(new Uint8Array(1000))).toThrow(ModelError);
    expect(() => readModel(writeTensor('x', new Tensor('float32', [1, 2], [2])))).toThrow(
      ModelError,
    );
    expect(() => readModel(Uint8Array.of(8, 7))).toThrow(
      'expected ir_version and graph, got no graph',
    );
  });

  test('messages within messages without end', () => {
    // graph.node.attribute.g.node.attribute.g … 5001 levels: must not exhaust the stack.
    let bytes = new Uint8Array(0);
    for (let level = 0; level < 5001; level++) {
      const writer = new PbfWriter();
      writer.writeBytesField([6, 5, 1][level % 3] ?? 1, bytes);
      bytes = new Uint8Array(writer.finish());
    }
    const writer = new PbfWriter();
    writer.writeVarintField(1, 8);
    writer.writeBytesField(7, bytes);
    expect(() => readModel(writer.finish())).toThrow('nested too deeply');
  });
});

describe('the rules of graphs', () => {
  const read = (model: Graph): (() => Graph) => {
    const file = writeModel(model);
    return () => readModel(file);
  };

  test('all problems of a file at once', () => {
    const model = graph(
      [
        node('Relu', ['nowhere'], ['a']),
        node('Relu', ['x'], ['a']),
        node('Relu', ['d'], ['c']),
        node('Relu', ['c'], ['d']),
        { ...node('Custom', ['x'], ['e']), domain: 'com.example' },
        node('Relu', ['x'], ['x']),
      ],
      { outputs: [{ name: 'y' }, { name: 'a' }, { name: 'a' }] },
    );
    expect(problemsOf(read(model))).toEqual([
      '7 problems:',
      expect.stringContaining("com.example.Custom 'e': no opset for domain 'com.example'"),
      expect.stringContaining(
        "value 'a' has two producers: expected one, got Relu 'a' and Relu 'a'",
      ),
      expect.stringContaining(
        "Relu 'x': value 'x' has two producers: expected one, got a graph input",
      ),
      expect.stringContaining("Relu 'a': input 'nowhere' is made by nothing"),
      expect.stringContaining("the graph has a cycle: Relu 'd' -> Relu 'c' -> Relu 'd'."),
      expect.stringContaining("graph output 'y' is made by nothing"),
      expect.stringContaining("graph output 'a' is listed twice"),
    ]);
  });

  test('nodes are sorted, stably', () => {
    const model = graph([
      node('Relu', ['b'], ['y']),
      node('Relu', ['x'], ['p']),
      node('Relu', ['a'], ['b']),
      node('Relu', ['x'], ['a']),
    ]);
    const { nodes } = read(model)();
    expect(nodes.map((item) => item.outputs[0])).toEqual(['p', 'a', 'b', 'y']);
    expect(nodes.map((item) => item.index)).toEqual([0, 1, 2, 3]);
  });

  test('subgraphs: what they capture comes first; what is missing is said', () => {
    const If = (body: Graph): Node =>
      node('If', ['x'], ['y'], { then_branch: { type: 'graph', value: body } });
    const captures = graph([node('Relu', ['late'], ['z'])], {
      inputs: [],
      outputs: [{ name: 'z' }],
    });
    const sorted = read(graph([If(captures), node('Relu', ['x'], ['late'])]))();
    expect(sorted.nodes.map((item) => item.opType)).toEqual(['Relu', 'If']);
    expect(problemsOf(read(graph([If(captures)]))).join()).toContain(
      "input 'late' is made by nothing",
    );
  });

  test('bad and unsupported tensors are all listed, and not reported as missing values', () => {
    const writer = new PbfWriter();
    writer.writeVarintField(1, 8);
    writer.writeMessage(
      7,
      (_, g) => {
        g.writeMessage(
          1,
          (__, n) => {
            ['complex', 'short', 'sparse'].forEach((name) => n.writeStringField(1, name));
            n.writeStringField(2, 'y');
            n.writeStringField(4, 'Sum');
            n.writeMessage(
              5,
              (___, a) => {
                a.writeStringField(1, 'alpha');
                a.writeFloatField(2, 1);
                a.writeVarintField(20, 2);
              },
              null,
            );
          },
          null,
        );
        for (const [name, type] of [
          ['complex', 14],
          ['short', 1],
        ] as const) {
          g.writeMessage(
            5,
            (__, t) => {
              t.writeVarintField(1, 2);
              t.writeVarintField(2, type);
              t.writeStringField(8, name);
              t.writeBytesField(9, new Uint8Array(3));
            },
            null,
          );
        }
        g.writeMessage(
          15,
          (__, s) => s.writeMessage(1, (___, t) => t.writeStringField(8, 'sparse'), null),
          null,
        );
        g.writeMessage(12, (__, v) => v.writeStringField(1, 'y'), null);
      },
      null,
    );
    writer.writeMessage(8, (_, o) => o.writeVarintField(2, 17), null);
    expect(problemsOf(() => readModel(writer.finish()))).toEqual([
      '4 problems:',
      expect.stringContaining("Sum '#0': attribute 'alpha': wrong field: expected int, got float"),
      expect.stringContaining("tensor 'short': raw_data of the wrong length: expected 8 bytes"),
      expect.stringContaining("tensor 'complex': element type complex64 is not supported"),
      expect.stringContaining("sparse initializer 'sparse' is not supported"),
    ]);
  });
});

describe('functions', () => {
  type Fields = (writer: PbfWriter) => void;
  const message = (writer: PbfWriter, field: number, fields: Fields): void =>
    writer.writeMessage(field, (_, body) => fields(body), null);
  const nodeOf = (
    op: string,
    inputs: string[],
    outputs: string[],
    more: Fields = () => {},
  ): Fields => {
    return (writer) => {
      for (const name of inputs) writer.writeStringField(1, name);
      for (const name of outputs) writer.writeStringField(2, name);
      writer.writeStringField(4, op);
      more(writer);
    };
  };
  const custom: Fields = (writer) => writer.writeStringField(7, 'my');
  const attribute = (name: string, fields: Fields): Fields => {
    return (writer) =>
      message(writer, 5, (body) => {
        body.writeStringField(1, name);
        fields(body);
      });
  };
  const reference = (from: string): Fields => {
    return (writer) => {
      writer.writeStringField(21, from);
      writer.writeVarintField(20, 1);
    };
  };
  const functionOf = (
    name: string,
    inputs: string[],
    outputs: string[],
    nodes: Fields[],
    opset = 17,
    more: Fields = () => {},
  ): Fields => {
    return (writer) => {
      writer.writeStringField(1, name);
      for (const input of inputs) writer.writeStringField(4, input);
      for (const output of outputs) writer.writeStringField(5, output);
      for (const item of nodes) message(writer, 7, item);
      message(writer, 9, (body) => body.writeVarintField(2, opset));
      writer.writeStringField(10, 'my');
      more(writer);
    };
  };
  const model = (nodes: Fields[], functions: Fields[]): Uint8Array => {
    const writer = new PbfWriter();
    writer.writeVarintField(1, 8);
    message(writer, 7, (body) => {
      for (const item of nodes) message(body, 1, item);
      message(body, 11, (input) => input.writeStringField(1, 'x'));
      message(body, 12, (output) => output.writeStringField(1, 'y'));
    });
    message(writer, 8, (body) => body.writeVarintField(2, 17));
    message(writer, 8, (body) => {
      body.writeStringField(1, 'my');
      body.writeVarintField(2, 1);
    });
    for (const item of functions) message(writer, 25, item);
    return writer.finish();
  };

  test('are inlined with fresh names, defaults, references and nested calls', () => {
    const leaky = functionOf(
      'Leaky',
      ['in', 'absent'],
      ['out'],
      [
        nodeOf('LeakyRelu', ['in'], ['t'], attribute('alpha', reference('slope'))),
        nodeOf('Clip', ['t', 'absent'], ['out'], attribute('gone', reference('nothing'))),
      ],
      17,
      (writer) =>
        message(writer, 11, (body) => {
          body.writeStringField(1, 'slope');
          body.writeFloatField(2, 0.5);
          body.writeVarintField(20, 1);
        }),
    );
    const twice = functionOf(
      'Twice',
      ['a'],
      ['b', 'same'],
      [
        nodeOf('Leaky', ['a'], ['t'], custom),
        nodeOf('Leaky', ['t'], ['b'], (writer) => {
          custom(writer);
          attribute('slope', (body) => {
            body.writeFloatField(2, 0.25);
            body.writeVarintField(20, 1);
          })(writer);
        }),
      ],
    );
    const passing = functionOf('Pass', ['a'], ['a'], []);
    const file = model(
      [
        nodeOf('Twice', ['x'], ['t'], custom),
        nodeOf('Twice', ['t'], ['u'], custom),
        nodeOf('Pass', ['u'], ['y'], custom),
      ],
      [leaky, twice, passing],
    );
    const { nodes } = readModel(file);
    expect(nodes.map((item) => item.opType).join()).toBe(
      'LeakyRelu,Clip,LeakyRelu,Clip,LeakyRelu,Clip,LeakyRelu,Clip,Identity',
    );
    expect(nodes[0]?.inputs).toEqual(['x']);
    expect(nodes[1]?.inputs[1]).toBe('');
    expect(nodes[1]?.attributes.size).toBe(0);
    expect(nodes[8]).toMatchObject({ inputs: ['u'], outputs: ['y'] });
    const alphas = nodes.flatMap((item) => item.attributes.get('alpha') ?? []);
    expect(alphas.map((item) => item.value)).toEqual([0.5, 0.25, 0.5, 0.25]);
    const made = nodes.flatMap((item) => item.outputs);
    expect(new Set(made).size).toBe(made.length);
  });

  test('a value inside a subgraph of a function', () => {
    const body = functionOf(
      'F',
      ['a'],
      ['b'],
      [
        nodeOf('Relu', ['a'], ['x']),
        nodeOf('If', ['a'], ['b'], (writer) =>
          attribute('then_branch', (inner) => {
            message(inner, 6, (g) => {
              message(g, 1, nodeOf('Add', ['a', 'x'], ['y']));
              message(g, 12, (output) => output.writeStringField(1, 'y'));
            });
            inner.writeVarintField(20, 5);
          })(writer),
        ),
      ],
    );
    const { nodes } = readModel(model([nodeOf('F', ['x'], ['y'], custom)], [body]));
    const branch = nodes[1]?.attributes.get('then_branch');
    const add = branch?.type === 'graph' ? branch.value.nodes[0] : undefined;
    expect(add?.inputs).toEqual(['x', nodes[0]?.outputs[0]]);
    expect(branch?.type === 'graph' && branch.value.outputs[0]?.name).toBe(add?.outputs[0]);
    expect(['x', 'y']).not.toContain(add?.outputs[0]);
  });

  test('recursion, another opset and a call that does not fit are refused', () => {
    const recursive = functionOf('F', ['a'], ['b'], [nodeOf('F', ['a'], ['b'], custom)]);
    expect(() => readModel(model([nodeOf('F', ['x'], ['y'], custom)], [recursive]))).toThrow(
      "function 'F' calls itself",
    );
    const old = functionOf('F', ['a'], ['b'], [nodeOf('Relu', ['a'], ['b'])], 13);
    const call = model([nodeOf('F', ['x'], ['y'], custom)], [old]);
    expect(() => readModel(call)).toThrow(UnsupportedOpError);
    expect(() => readModel(call)).toThrow('expected 17 as in the model, got 13');
    const one = functionOf('F', ['a'], ['b'], [nodeOf('Relu', ['a'], ['b'])]);
    expect(() => readModel(model([nodeOf('F', ['x', 'x'], ['y'], custom)], [one]))).toThrow(
      'expected at most 1 inputs and 1 outputs, got 2 and 1',
    );
  });
});
