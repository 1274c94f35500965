// A serialised ModelProto as a tree of fields, to change and write again: numbers, texts and bytes at the leaves, nested
// messages where ONNX has them. Lenient where the library is strict: whatever was put into the tree is written.

export type Field =
  | { number: number; kind: 'varint'; value: bigint }
  | { number: number; kind: 'fixed'; bytes: Uint8Array }
  | { number: number; kind: 'bytes'; bytes: Uint8Array; isText: boolean }
  | { number: number; kind: 'message'; type: string; fields: Field[] };

interface Shape {
  /** Field number to the type of a nested message. */
  readonly messages: Readonly<Record<number, string>>;
  readonly texts: readonly number[];
}

const shape = (messages: Record<number, string>, ...texts: number[]): Shape => ({
  messages,
  texts,
});

/** Of onnx.proto3, what there is to change. */
const SHAPES: Readonly<Record<string, Shape>> = {
  model: shape({ 7: 'graph', 8: 'opset', 25: 'function' }),
  opset: shape({}, 1),
  graph: shape({ 1: 'node', 5: 'tensor', 11: 'info', 12: 'info', 13: 'info', 15: 'sparse' }, 2),
  function: shape({ 7: 'node', 9: 'opset', 11: 'attribute' }, 1, 4, 5, 6, 10, 13),
  node: shape({ 5: 'attribute' }, 1, 2, 3, 4, 7, 8),
  attribute: shape({ 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparse' }, 1, 4, 9),
  tensor: shape({ 13: 'entry' }, 6, 8),
  sparse: shape({ 1: 'tensor', 2: 'tensor' }),
  entry: shape({}, 1, 2),
  info: shape({ 2: 'type' }, 1),
  type: shape({ 1: 'tensorType', 4: 'holding', 9: 'holding' }),
  holding: shape({ 1: 'type' }),
  tensorType: shape({ 2: 'dims' }),
  dims: shape({ 1: 'dim' }),
  dim: shape({}, 2),
};

/** @throws RangeError for bytes that are no message */
export function parse(bytes: Uint8Array, type = 'model'): Field[] {
  const { messages, texts } = SHAPES[type] ?? shape({});
  const fields: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let bits = 0n; ; bits += 7n) {
      const byte = bytes[at++];
      if (byte === undefined || bits > 63n) throw new RangeError('no varint');
      value |= BigInt(byte & 127) << bits;
      if (byte < 128) return value;
    }
  };
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new RangeError('cut short');
    at += length;
    return bytes.slice(at - length, at);
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const number = tag >>> 3;
    const wire = tag & 7;
    if (wire === 0) fields.push({ number, kind: 'varint', value: varint() });
    else if (wire === 1 || wire === 5) {
      fields.push({ number, kind: 'fixed', bytes: take(wire === 1 ? 8 : 4) });
    } else if (wire === 2) {
      const inner = take(Number(varint()));
      const nested = messages[number];
      fields.push(
        nested === undefined
          ? { number, kind: 'bytes', bytes: inner, isText: texts.includes(number) }
          : { number, kind: 'message', type: nested, fields: parse(inner, nested) },
      );
    } else throw new RangeError('no wire type');
  }
  return fields;
}

function writeVarint(value: bigint, to: number[]): void {
  let left = BigInt.asUintN(64, value);
  for (; left > 127n; left >>= 7n) to.push(Number(left & 127n) | 128);
  to.push(Number(left));
}

function writeTo(fields: readonly Field[], to: number[]): void {
  for (const field of fields) {
    const wire = { varint: 0, fixed: 5, bytes: 2, message: 2 }[field.kind];
    const isLong = field.kind === 'fixed' && field.bytes.length === 8;
    writeVarint(BigInt(field.number * 8 + (isLong ? 1 : wire)), to);
    if (field.kind === 'varint') writeVarint(field.value, to);
    else if (field.kind === 'fixed') to.push(...field.bytes);
    else {
      const inner: number[] = [];
      if (field.kind === 'message') writeTo(field.fields, inner);
      const bytes = field.kind === 'message' ? inner : field.bytes;
      writeVarint(BigInt(bytes.length), to);
      for (const byte of bytes) to.push(byte);
    }
  }
}

export function serialize(fields: readonly Field[]): Uint8Array {
  const bytes: number[] = [];
  writeTo(fields, bytes);
  return Uint8Array.from(bytes);
}
