// Every operator of the library, those that are planned and those of the host, and those that a user added, as checkGraph
// asks for them.
import type { HostOp } from './core/host_op.ts';
import type { OpDef } from './core/op.ts';
import type { Registry } from './graph/check.ts';
import { hostOperators } from './host/index.ts';
import { registry as planned } from './ops/index.ts';

const added = new Set<OpDef | HostOp>();

const isNamed = (one: OpDef | HostOp, domain: string, type: string): boolean =>
  one.type === type && (one.domain ?? '') === domain;

const isPlanned = (one: OpDef | HostOp): one is OpDef => 'lower' in one;

const hosts = (domain: string, type: string): HostOp[] =>
  [...hostOperators, ...[...added].filter((one): one is HostOp => !isPlanned(one))].filter((one) =>
    isNamed(one, domain, type),
  );

const definitions = (domain: string, type: string): OpDef[] =>
  [...added].filter(isPlanned).filter((one) => isNamed(one, domain, type));

const covers =
  (opset: number) =>
  ({ opsets }: { readonly opsets: readonly [number, number] }): boolean =>
    opsets[0] <= opset && opset <= opsets[1];

export const registry: Registry = {
  find: (domain, type, opset) =>
    planned.find(domain, type, opset) ?? definitions(domain, type).find(covers(opset)),
  findHost: (domain, type, opset) => hosts(domain, type).find(covers(opset)),
  ranges: (domain, type) => [
    ...planned.ranges(domain, type),
    ...[...definitions(domain, type), ...hosts(domain, type)].map(({ opsets }) => opsets),
  ],
};

/** Adds an operator for all models that are loaded from now on; what it gives takes it away again. */
export function addOperator(definition: OpDef | HostOp): () => void {
  added.add(definition);
  return () => {
    added.delete(definition);
  };
}
