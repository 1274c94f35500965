// One definition for a name and opset: families of operators do not define the same one twice.
import { expect, test } from 'vitest';
import { hostOperators } from '../../src/host/index.ts';
import { registry } from '../../src/ops/index.ts';

interface Named {
  readonly type: string;
  readonly domain?: string;
  readonly opsets: readonly [number, number];
}

/** Names of which two definitions cover the same opset. */
function twice(definitions: readonly Named[]): string[] {
  return definitions
    .filter((one, i) =>
      definitions.some(
        (other, k) =>
          k < i &&
          other.type === one.type &&
          (other.domain ?? '') === (one.domain ?? '') &&
          other.opsets[0] <= one.opsets[1] &&
          one.opsets[0] <= other.opsets[1],
      ),
    )
    .map(({ type, opsets }) => `${type} ${opsets.join('–')}`);
}

test('no planned operator is defined twice', () => {
  expect(twice(registry.all())).toEqual([]);
});

test('no operator of the host is defined twice', () => {
  expect(twice(hostOperators)).toEqual([]);
});
