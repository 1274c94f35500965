// The few parts of WebAssembly's binary format that small modules of benchmarks are written in (WebAssembly core
// specification, chapter 5). Numbers in, bytes out; nothing is checked here, the engine checks.

export const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0] as const;
export const I32 = 0x7f;
export const F32 = 0x7d;
export const V128 = 0x7b;
export const FUNCTION = 0x60;

/** An unsigned integer as LEB128. */
export function uleb(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...uleb(value >>> 7)];
}

/** An instruction on vectors, by its number. */
export function simd(code: number): number[] {
  return [0xfd, ...uleb(code)];
}

export const localGet = (i: number): number[] => [0x20, ...uleb(i)];
export const localSet = (i: number): number[] => [0x21, ...uleb(i)];

/** Bytes behind their number. */
export const sized = (bytes: readonly number[]): number[] => [...uleb(bytes.length), ...bytes];

/** A section of a module, with its items. */
export const section = (id: number, ...items: readonly number[][]): number[] => [
  id,
  ...sized([...uleb(items.length), ...items.flat()]),
];
