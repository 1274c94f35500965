// JPEG (ITU-T T.81) of 8 bits, sequential, Huffman-coded: grey or three components. Integer arithmetic throughout: the
// accurate inverse transform of libjpeg (13-bit constants, two passes), its triangle filter for halved chroma, its 16-bit
// colour conversion, so that the pixels are one result on every machine and that of the common decoders. Progressive,
// arithmetic-coded, 12-bit and four-component files are refused.

import { Bits, fail, huffmanOf, type Huffman } from './jpeg_bits.ts';

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Interleaved; 1 grey, 3 red, green and blue. */
  readonly channels: 1 | 3;
  readonly pixels: Uint8Array;
}

interface Component {
  readonly id: number;
  readonly h: number;
  readonly v: number;
  readonly table: number;
  /** In blocks, whole units of all components. */
  readonly columns: number;
  readonly samples: Uint8Array;
  /** Of the samples that belong to the picture. */
  readonly width: number;
  readonly height: number;
  dc: number;
  dcTable: number;
  acTable: number;
}

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly h: number;
  readonly v: number;
  readonly components: readonly Component[];
}

// Row by row, where the k-th coefficient of the zigzag stands.
const ZIGZAG = [
  ...[0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48],
  ...[41, 34, 27, 20, 13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15],
  ...[23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63],
];

const descale = (x: number, bits: number): number => (x + (1 << (bits - 1))) >> bits;
const clamp = (x: number): number => (x < 0 ? 0 : x > 255 ? 255 : x);

/** Eight values, `step` apart, in place: the inverse transform of one line, `bits` of the scale taken off. */
function line(data: Int32Array, at: number, step: number, bits: number): void {
  const x = (i: number): number => data[at + i * step] ?? 0;
  const shared = (x(2) + x(6)) * 4433;
  const [even2, even3] = [shared - x(6) * 15137, shared + x(2) * 6270];
  const [even0, even1] = [(x(0) + x(4)) * 8192, (x(0) - x(4)) * 8192];
  const even = [even0 + even3, even1 + even2, even1 - even2, even0 - even3];
  const [z1, z2] = [(x(7) + x(1)) * -7373, (x(5) + x(3)) * -20995];
  const z5 = (x(7) + x(3) + x(5) + x(1)) * 9633;
  const z3 = (x(7) + x(3)) * -16069 + z5;
  const z4 = (x(5) + x(1)) * -3196 + z5;
  const odd = [
    x(1) * 12299 + z1 + z4,
    x(3) * 25172 + z2 + z3,
    x(5) * 16819 + z2 + z4,
    x(7) * 2446 + z1 + z3,
  ];
  for (let i = 0; i < 4; i += 1) {
    const [a = 0, b = 0] = [even[i], odd[i]];
    data[at + i * step] = descale(a + b, bits);
    data[at + (7 - i) * step] = descale(a - b, bits);
  }
}

/** A block of dequantised coefficients to samples. */
function inverseTransform(block: Int32Array, to: Uint8Array, at: number, width: number): void {
  for (let column = 0; column < 8; column += 1) line(block, column, 8, 11);
  for (let row = 0; row < 8; row += 1) {
    line(block, row * 8, 1, 18);
    for (let i = 0; i < 8; i += 1)
      to[at + row * width + i] = clamp((block[row * 8 + i] ?? 0) + 128);
  }
}

function frameOf(bytes: Uint8Array, at: number): Frame {
  const word = (i: number): number => ((bytes[at + i] ?? 0) << 8) | (bytes[at + i + 1] ?? 0);
  if (bytes[at] !== 8) fail(`expected 8 bits a sample, got ${bytes[at] ?? 0}`);
  const [height, width, count] = [word(1), word(3), bytes[at + 5] ?? 0];
  if (count !== 1 && count !== 3) fail(`expected 1 or 3 components, got ${count}`);
  if (width === 0 || height === 0) fail(`expected a size, got ${width} × ${height}`);
  const heads = Array.from({ length: count }, (_, i) => {
    const [id = 0, factors = 0, table = 0] = bytes.subarray(at + 6 + 3 * i, at + 9 + 3 * i);
    // One component alone is coded without units of several blocks.
    return count === 1
      ? { id, h: 1, v: 1, table }
      : { id, h: factors >> 4, v: factors & 15, table };
  });
  if (heads.some(({ h, v }) => h < 1 || h > 4 || v < 1 || v > 4)) fail('bad sampling factors');
  const h = Math.max(...heads.map((one) => one.h));
  const v = Math.max(...heads.map((one) => one.v));
  const units = [Math.ceil(width / (8 * h)), Math.ceil(height / (8 * v))] as const;
  const components = heads.map((head): Component => {
    const columns = units[0] * head.h;
    return {
      ...head,
      columns,
      samples: new Uint8Array(columns * 8 * units[1] * head.v * 8),
      width: Math.ceil((width * head.h) / h),
      height: Math.ceil((height * head.v) / v),
      ...{ dc: 0, dcTable: 0, acTable: 0 },
    };
  });
  return { width, height, h, v, components };
}

interface Tables {
  readonly quantisers: Map<number, Int32Array>;
  readonly huffman: Map<number, Huffman>;
  restart: number;
}

function decodeBlock(bits: Bits, component: Component, tables: Tables, place: number): void {
  const dc = tables.huffman.get(component.dcTable);
  const ac = tables.huffman.get(16 + component.acTable);
  const scale = tables.quantisers.get(component.table);
  if (dc === undefined || ac === undefined || scale === undefined)
    return fail('a table is missing');
  const block = new Int32Array(64);
  component.dc += bits.number(bits.symbol(dc) & 15);
  block[0] = component.dc * (scale[0] ?? 0);
  for (let k = 1; k < 64; k += 1) {
    const symbol = bits.symbol(ac);
    const length = symbol & 15;
    if (length === 0) {
      if (symbol !== 0xf0) break;
      k += 15;
      continue;
    }
    k += symbol >> 4;
    block[ZIGZAG[k] ?? 0] = bits.number(length) * (scale[k] ?? 0);
  }
  inverseTransform(block, component.samples, place, component.columns * 8);
}

/** One scan, over all components or one; where it ends. */
function decodeScan(bytes: Uint8Array, at: number, frame: Frame, tables: Tables): number {
  const count = bytes[at] ?? 0;
  const parts = Array.from({ length: count }, (_, i) => {
    const [id, code = 0] = bytes.subarray(at + 1 + 2 * i, at + 3 + 2 * i);
    const component = frame.components.find((one) => one.id === id);
    if (component === undefined) return fail(`there is no component ${id ?? 0}`);
    component.dcTable = code >> 4;
    component.acTable = code & 15;
    return component;
  });
  const bits = new Bits(bytes, at + 4 + 2 * count);
  const [only] = parts.length === 1 ? parts : [];
  const across = only ? Math.ceil(only.width / 8) : Math.ceil(frame.width / (8 * frame.h));
  const down = only ? Math.ceil(only.height / 8) : Math.ceil(frame.height / (8 * frame.v));
  for (const component of parts) component.dc = 0;
  for (let unit = 0; unit < across * down; unit += 1) {
    if (tables.restart > 0 && unit > 0 && unit % tables.restart === 0) {
      bits.restart();
      for (const component of parts) component.dc = 0;
    }
    const [column, row] = [unit % across, Math.floor(unit / across)];
    for (const component of parts) {
      const [h, v] = only ? [1, 1] : [component.h, component.v];
      for (let i = 0; i < h * v; i += 1) {
        const x = column * h + (i % h);
        const y = row * v + Math.floor(i / h);
        decodeBlock(bits, component, tables, (y * component.columns * 8 + x) * 8);
      }
    }
  }
  return bits.at;
}

/** Rows of a component at the picture's size: halved ones by the triangle filter, others repeated. */
function upsampled(component: Component, frame: Frame): Uint8Array {
  const { width, height, samples } = component;
  const stride = component.columns * 8;
  const [h, v] = [frame.h / component.h, frame.v / component.v];
  const out = new Uint8Array(frame.width * frame.height);
  const isFine = width > 2;
  const sample = (x: number, y: number): number => samples[y * stride + x] ?? 0;
  for (let y = 0; y < frame.height; y += 1) {
    const row = Math.min(Math.floor(y / v), height - 1);
    // The nearer row counts three times; at the edges it is its own neighbour.
    const other = Math.max(0, Math.min(height - 1, row + (y % 2 === 0 ? -1 : 1)));
    const isTall = v === 2 && (h === 1 || (h === 2 && isFine));
    const sum = (x: number): number => sample(x, row) * 3 + sample(x, other);
    for (let x = 0; x < frame.width; x += 1) {
      const at = Math.min(Math.floor(x / h), width - 1);
      const near = Math.max(0, Math.min(width - 1, at + (x % 2 === 0 ? -1 : 1)));
      const isFirst = x % 2 === 0;
      let value = sample(at, row);
      if (h === 2 && v === 1 && isFine) {
        value = near === at ? value : (value * 3 + sample(near, row) + (isFirst ? 1 : 2)) >> 2;
      } else if (h === 2 && isTall) {
        value = (sum(at) * 3 + sum(near) + (isFirst ? 8 : 7)) >> 4;
      } else if (h === 1 && isTall) {
        value = (sum(at) + (y % 2 === 0 ? 1 : 2)) >> 2;
      }
      out[y * frame.width + x] = value;
    }
  }
  return out;
}

function coloured(frame: Frame, isRgb: boolean): Picture {
  const { width, height } = frame;
  const [y, cb, cr] = frame.components.map((one) => upsampled(one, frame));
  if (y === undefined || cb === undefined || cr === undefined) {
    return { width, height, channels: 1, pixels: y ?? new Uint8Array(0) };
  }
  const pixels = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i += 1) {
    const [luma = 0, blue = 0, red = 0] = [y[i], cb[i], cr[i]];
    if (isRgb) pixels.set([luma, blue, red], 3 * i);
    else {
      const [b, r] = [blue - 128, red - 128];
      pixels[3 * i] = clamp(luma + ((91881 * r + 32768) >> 16));
      pixels[3 * i + 1] = clamp(luma + ((-22554 * b - 46802 * r + 32768) >> 16));
      pixels[3 * i + 2] = clamp(luma + ((116130 * b + 32768) >> 16));
    }
  }
  return { width, height, channels: 3, pixels };
}

/** @throws RangeError for what is none, or none of these */
export function decodeJpeg(bytes: Uint8Array): Picture {
  const tables: Tables = { quantisers: new Map(), huffman: new Map(), restart: 0 };
  let frame: Frame | undefined;
  let isRgb = false;
  let at = 2;
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) {
      at += 1;
      continue;
    }
    const marker = bytes[at + 1] ?? 0;
    if (marker === 0xff || marker === 0 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += marker === 0xff ? 1 : 2;
      continue;
    }
    if (marker === 0xd9) break;
    const from = at + 4;
    const end = at + 2 + (((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0));
    if (marker === 0xdb) readQuantisers(bytes, from, end, tables);
    else if (marker === 0xc4) {
      for (let i = from; i < end;) {
        const { table, size } = huffmanOf(bytes, i + 1);
        tables.huffman.set(bytes[i] ?? 0, table);
        i += 1 + size;
      }
    } else if (marker === 0xc0 || marker === 0xc1) frame = frameOf(bytes, from);
    else if (marker >= 0xc2 && marker <= 0xcf && marker !== 0xc8 && marker !== 0xcc) {
      fail('expected a sequential, Huffman-coded file, got another kind');
    } else if (marker === 0xdd) {
      tables.restart = ((bytes[from] ?? 0) << 8) | (bytes[from + 1] ?? 0);
    } else if (marker === 0xee && bytes[from] === 0x41 && end - from >= 12) {
      isRgb = bytes[from + 11] === 0; // Adobe: no conversion
    } else if (marker === 0xda) {
      if (frame === undefined) return fail('expected a frame before a scan');
      at = decodeScan(bytes, from, frame, tables);
      continue;
    }
    at = end;
  }
  return frame === undefined ? fail('expected a frame, got none') : coloured(frame, isRgb);
}

function readQuantisers(
  bytes: Uint8Array,
  from: number,
  end: number,
  { quantisers }: Tables,
): void {
  for (let i = from; i < end;) {
    const head = bytes[i] ?? 0;
    const isWide = head >> 4 === 1;
    const at = i + 1;
    quantisers.set(
      head & 15,
      Int32Array.from({ length: 64 }, (_, k) =>
        isWide
          ? ((bytes[at + 2 * k] ?? 0) << 8) | (bytes[at + 2 * k + 1] ?? 0)
          : (bytes[at + k] ?? 0),
      ),
    );
    i = at + (isWide ? 128 : 64);
  }
}
