// Every operator of the library, those that are planned and those of the host, as checkGraph asks for them.
import type { HostOp } from './core/host_op.ts';
import type { Registry } from './graph/check.ts';
import { hostOperators } from './host/index.ts';
import { registry as planned } from './ops/index.ts';

const hosts = (domain: string, type: string): HostOp[] =>
  hostOperators.filter((one) => one.type === type && (one.domain ?? '') === domain);

export const registry: Registry = {
  find: planned.find,
  findHost: (domain, type, opset) =>
    hosts(domain, type).find(({ opsets }) => opsets[0] <= opset && opset <= opsets[1]),
  ranges: (domain, type) => [
    ...planned.ranges(domain, type),
    ...hosts(domain, type).map(({ opsets }) => opsets),
  ],
};
