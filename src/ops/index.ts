// Every planned operator at once, for tables and tests. The library loads them by parts (src/registry.ts): a family stands
// in one of parts/.
import type { OpDef } from '../core/op.ts';
import { operators as basic } from './parts/basic.ts';
import { operators as language } from './parts/language.ts';
import { operators as other } from './parts/other.ts';
import { operators as quantised } from './parts/quantised.ts';
import { operators as signal } from './parts/signal.ts';
import { operators as vision } from './parts/vision.ts';

const byName = new Map<string, OpDef[]>();
for (const def of [basic, language, other, quantised, signal, vision].flat()) {
  const key = `${def.domain ?? ''}:${def.type}`;
  byName.set(key, [...(byName.get(key) ?? []), def]);
}

export const registry = {
  find: (domain: string, type: string, opset: number): OpDef | undefined =>
    byName
      .get(`${domain}:${type}`)
      ?.find((def) => def.opsets[0] <= opset && opset <= def.opsets[1]),
  ranges: (domain: string, type: string): (readonly [number, number])[] =>
    (byName.get(`${domain}:${type}`) ?? []).map((def) => def.opsets),
  /** Every operator, sorted by domain and name. */
  all: (): OpDef[] => [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, defs]) => defs),
};
