// Spot checks on the dispatches of all operator cases, lowered for WebGPU: the units of a dispatch write all of its
// outputs, the reference agrees with itself, and one flipped bit anywhere is found where it is, by the unit that wrote it
// and by no other. Memory is as before afterwards, also after an error.
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { registry } from '../../src/registry.ts';
import { WasmBackend } from '../../src/backends/wasm.ts';
import { drawUnits, spotCheck } from '../../src/backends/webgpu/spot_check.ts';
import { dtypeInfo } from '../../src/core/dtype.ts';
import type { OpCase } from '../harness/cases.ts';
import { observe, type ObservedDispatch } from '../harness/observed.ts';
import { Prng } from '../harness/prng.ts';
import { caseFiles } from '../ops/index.ts';

await registry.load();

let core: WasmBackend;
beforeAll(async () => {
  core = await WasmBackend.create();
});

const everyUnit = ({ dispatch }: ObservedDispatch): number[] =>
  Array.from({ length: dispatch.units }, (_, unit) => unit);

/** The same, but for one bit of one output. */
function flipped(observed: ObservedDispatch, output: number, bit: number): ObservedDispatch {
  const outputs = observed.outputs.map((bytes) => bytes.slice());
  const bytes = outputs[output];
  if (bytes === undefined) throw new RangeError('no such output');
  bytes[bit >>> 3] = (bytes[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
  return { ...observed, outputs };
}

// Some stems have no dispatch at all: everything is folded or an alias.
const checked = new Map<string, number>();

describe.each([...caseFiles.keys()])('%s', (stem) => {
  const cases: readonly OpCase[] = caseFiles.get(stem) ?? [];

  test('a flipped bit is found where it is, and nothing else', { timeout: 120_000 }, () => {
    const prng = new Prng(20);
    const random = (): number => prng.word() / 2 ** 32;
    const before = core.memoryInUse;
    let seen = 0;
    for (const one of cases) {
      observe(one, core, (observed) => {
        const { dispatch, outputs } = observed;
        expect(spotCheck(core, dispatch, observed, everyUnit(observed), random)).toBeUndefined();
        for (const [i, bytes] of outputs.entries()) {
          if (bytes.length === 0) continue;
          seen += 1;
          const width = dtypeInfo(dispatch.outputs[i]?.dtype ?? 'uint8').bytes;
          const bit = prng.below(bytes.length * 8);
          const changed = flipped(observed, i, bit);
          // A byte hides behind the pattern that it is filled with once in 252 times: another pattern shows it.
          const look = (units: readonly number[]) =>
            spotCheck(core, dispatch, changed, units, random) ??
            spotCheck(core, dispatch, changed, units, random);
          const found = look(everyUnit(observed));
          expect(found, one.id).toMatchObject({
            output: i,
            index: Math.floor((bit >>> 3) / width),
            differing: 1,
          });
          expect(found?.expected).not.toBe(found?.got);
          // The unit that wrote the element finds it alone.
          const units = [found?.unit ?? 0];
          expect(look(units)).toEqual(found);
        }
      });
    }
    checked.set(stem, seen);
    expect(core.memoryInUse).toBe(before);
  });
});

test('the cases had dispatches', () => {
  for (const stem of ['conv', 'elementwise', 'mat_mul', 'pool', 'scatter', 'softmax']) {
    expect(checked.get(stem)).toBeGreaterThan(10);
  }
});

test('property: any dispatch, any element, any bit', { timeout: 120_000 }, () => {
  const all = [...caseFiles.values()].flat();
  const before = core.memoryInUse;
  fc.assert(
    fc.property(
      fc.nat(all.length - 1),
      fc.nat(),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (c, where, at, change) => {
        const one = all[c];
        if (one === undefined) throw new RangeError('no such case');
        observe(one, core, (observed) => {
          const { dispatch, inputs } = observed;
          const i = where % observed.outputs.length;
          const outputs = observed.outputs.map((bytes) => bytes.slice());
          const bytes = outputs[i];
          if (bytes === undefined || bytes.length === 0) return;
          const width = dtypeInfo(dispatch.outputs[i]?.dtype ?? 'uint8').bytes;
          const k = at % bytes.length;
          bytes[k] = (bytes[k] ?? 0) ^ change;
          const found = spotCheck(
            core,
            dispatch,
            { inputs, outputs },
            everyUnit(observed),
            Math.random,
          );
          expect(found).toMatchObject({ output: i, index: Math.floor(k / width) });
        });
      },
    ),
    { numRuns: 150, seed: 8 },
  );
  expect(core.memoryInUse).toBe(before);
});

test('drawn units are different, within range, and every one comes', () => {
  const dispatch = { units: 7 } as ObservedDispatch['dispatch'];
  const prng = new Prng(3);
  const seen = new Set<number>();
  for (let run = 0; run < 200; run += 1) {
    const drawn = drawUnits(dispatch, 3, () => prng.word() / 2 ** 32);
    expect(new Set(drawn).size).toBe(3);
    for (const unit of drawn) {
      expect(unit).toBeGreaterThanOrEqual(0);
      expect(unit).toBeLessThan(7);
      seen.add(unit);
    }
  }
  expect(seen.size).toBe(7);
  expect(drawUnits(dispatch, 9, Math.random)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(drawUnits({ ...dispatch, units: 0 }, 1, Math.random)).toEqual([]);
});

test('bytes that the GPU did not give are a difference, and errors leave no memory behind', () => {
  const one = caseFiles.get('softmax')?.find(({ feeds }) => (feeds.get('x0')?.size ?? 0) > 1);
  if (one === undefined) throw new Error('no case');
  const before = core.memoryInUse;
  observe(one, core, (observed) => {
    const { dispatch, inputs } = observed;
    const nothing = spotCheck(core, dispatch, { inputs, outputs: [] }, [0], Math.random);
    expect(nothing).toMatchObject({ unit: 0, output: 0, index: 0, got: '0x' });
    const broken = { ...dispatch, kernel: { ...dispatch.kernel, name: 'no_such_kernel' } };
    expect(() => spotCheck(core, broken, observed, [0], Math.random)).toThrow(
      /no kernel 'no_such_kernel'/,
    );
  });
  expect(core.memoryInUse).toBe(before);
});
