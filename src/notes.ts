// What a run did otherwise than a reader would assume, said for people, and what a bug report needs where an audit found
// a fault (B8). Backends know dispatches; here they get the names of their nodes.
import type { RunNote } from './backends/backend.ts';
import type { DeviceInfo } from './backends/webgpu/device.ts';
import { contract } from './core/digest.ts';
import { version } from './core/version.ts';
import { nodeTitle, type Graph } from './graph/graph.ts';
import type { AuditEvent, Note } from './run_types.ts';

export function describeNotes(
  notes: readonly RunNote[],
  graph: Graph,
  device: DeviceInfo | undefined,
): Note[] {
  return notes.map((note) => {
    const nodes = note.nodes.flatMap((i) => {
      const node = graph.nodes[i];
      return node === undefined ? [] : [nodeTitle(node)];
    });
    const audit = eventOf(note, nodes, device);
    const message = messageOf(note, nodes, audit);
    return { kind: note.kind, message, nodes, ...(audit === undefined ? {} : { audit }) };
  });
}

function messageOf(
  { kind, kernel, disabled, rung }: RunNote,
  nodes: readonly string[],
  audit: AuditEvent | undefined,
): string {
  const about = nodes.join(', ');
  if (audit !== undefined) {
    const { index, expected, got, adapter, next, seen } = audit;
    const where = seen === 'gate' ? 'before its first use, ' : '';
    const then =
      next === 'reference' ? 'it is not used any more' : `it computes on rung ${next} from now on`;
    return `${about}: ${where}kernel ${kernel} gave ${got} instead of ${expected} at element ${index} on ${adapter}; ${then}, and the run was repeated. Please report it, with this note's field audit.`;
  }
  if (kind === 'audit') return 'This run was not audited: the device has no room for the copies.';
  if (rung !== undefined) {
    const why =
      rung.of === 'device'
        ? "the device's floats failed its gate"
        : 'on this device their kernels failed on a rung above';
    return `${about}: computed on rung ${rung.is}: ${why}. The bits are the same.`;
  }
  if (disabled === true) {
    return `${about}: kernel ${kernel} failed on every rung here; computed by the reference.`;
  }
  return kind === 'reference'
    ? `${about}: kernel ${kernel} has no WebGPU form here; computed by the reference.`
    : `${about}: kernel ${kernel} met values it cannot represent; computed by the reference.`;
}

function eventOf(
  { kernel, fault }: RunNote,
  nodes: readonly string[],
  device: DeviceInfo | undefined,
): AuditEvent | undefined {
  if (fault === undefined) return undefined;
  const userAgent = globalThis.navigator?.userAgent;
  return {
    version,
    contract: `${contract.id} ${contract.version}`,
    adapter: device?.name ?? 'unnamed adapter',
    ...(device?.adapter === undefined ? {} : { adapterInfo: device.adapter }),
    ...(userAgent === undefined ? {} : { userAgent }),
    kernel,
    nodes,
    ...fault,
  };
}
