// What a device report claims of a GPU, from what its adapter says of itself. Adapters say little: browsers keep names back,
// Deno gives the vendor as a number, Dawn's OpenGL gives none. Here that is put into the words that other adapters use, so
// that reports can stand beside each other; what nobody said is left out. Nothing here decides how anything is computed.
import type { DeviceClaims } from './device_report_types.ts';

/** As GPUAdapterInfo has it. */
export interface AdapterWords {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly isFallbackAdapter?: boolean | undefined;
}

/** Vendors by their numbers of the PCI registry, and by Vulkan's own above 65535; and how they occur in names. */
const VENDORS: readonly (readonly [vendor: string, number: number, pattern: RegExp])[] = [
  ['amd', 0x1002, /\b(amd|radeon)\b/i],
  ['apple', 0x106b, /\bapple\b/i],
  ['arm', 0x13b5, /\b(arm|mali)\b/i],
  ['google', 0x1ae0, /\bswiftshader\b/i],
  ['img-tec', 0x1010, /\bpowervr\b/i],
  ['intel', 0x8086, /\bintel\b/i],
  ['mesa', 0x10005, /\b(mesa|llvmpipe|lavapipe)\b/i],
  ['microsoft', 0x1414, /\bmicrosoft\b/i],
  ['nvidia', 0x10de, /\b(nvidia|geforce)\b/i],
  ['qualcomm', 0x5143, /\b(qualcomm|adreno)\b/i],
];

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|warp/i;

function vendorOf(vendor: string, name: string): string {
  if (vendor !== '' && !/^\d+$/.test(vendor)) return vendor;
  const number = vendor === '' ? undefined : Number(vendor);
  const known = VENDORS.find(([, id]) => id === number);
  return (known ?? VENDORS.find(([, , pattern]) => pattern.test(name)))?.[0] ?? '';
}

/** The claims of an adapter; `software` only where it says so, or says what it is. */
export function gpuClaims(words: AdapterWords): NonNullable<DeviceClaims['gpu']> {
  const { architecture, isFallbackAdapter } = words;
  const said = [words.description, words.device].filter((part) => /[a-z]/i.test(part));
  const name = said.join(', ');
  const vendor = vendorOf(words.vendor, name);
  const all = [vendor, architecture, name].join(' ');
  const isSoftware = isFallbackAdapter === true || SOFTWARE.test(all);
  const isNamed = all.trim() !== '';
  return {
    ...{ vendor, architecture, name },
    ...(isSoftware || isNamed ? { software: isSoftware } : {}),
  };
}
