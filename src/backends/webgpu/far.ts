// Indices past 2^24, whose lowest bit is lost where they pass through f32: looked at before a model first binds so many words
// (docs/NUMERICS.md, B7), apart from the device gate, since 64 MiB take as long as the gate. Promises: once a device; where
// they are wrong, dispatches that bind more are the reference's (webgpu.ts). Not here: the rest of the gate (gate.ts).
import { hex32 } from '../../core/bits.ts';
import type { Device } from './device.ts';
import type { Finding } from './gate.ts';
import { COUNT, VECTORS } from './gate_vectors.ts';
import { assembleOn } from './rungs.ts';
import { mapped } from './storage.ts';
import reportFar from '../../../shaders/gate/report_far.wgsl';

const NAME = 'indices past 2^24';
const FAR = 0x1000000;
const BYTES = COUNT * 4;

/** The most bytes that a binding may have without this: all their words have indices that f32 can hold. */
export const NEAR_BYTES = FAR * 4;

const findings = new WeakMap<Device, Promise<Finding | undefined>>();

/**
 * What was found, made when first asked for; undefined for a device that binds no more than the bytes above.
 *
 * @throws DeviceError if the device fails
 */
export function farFinding(device: Device): Promise<Finding | undefined> {
  let finding = findings.get(device);
  if (finding === undefined) {
    finding = examine(device);
    findings.set(device, finding);
    finding.catch(() => findings.delete(device));
  }
  return finding;
}

async function examine(device: Device): Promise<Finding | undefined> {
  const { gpu } = device;
  const { maxBufferSize, maxStorageBufferBindingSize } = gpu.limits;
  const size = NEAR_BYTES + BYTES;
  if (Math.min(maxBufferSize, maxStorageBufferBindingSize) < size) return undefined;
  const made: GPUBuffer[] = [];
  const buffer = (label: string, bytes: number, usage: number): GPUBuffer => {
    const one = gpu.createBuffer({ label: `gate ${label}`, size: bytes, usage });
    made.push(one);
    return one;
  };
  try {
    const staging = await device.scoped('gate', () => {
      const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
      const vectors = new Uint32Array(VECTORS.flat());
      const input = buffer('vectors', vectors.byteLength, STORAGE | COPY_DST);
      gpu.queue.writeBuffer(input, 0, vectors);
      const far = buffer('far', size, STORAGE | COPY_SRC);
      const module = gpu.createShaderModule({
        label: reportFar,
        code: assembleOn('full', reportFar),
      });
      const pipeline = gpu.createComputePipeline({
        label: reportFar,
        layout: 'auto',
        compute: { module, entryPoint: 'main' },
      });
      const entries = [input, far].map((one, i) => ({ binding: 3 + i, resource: { buffer: one } }));
      const encoder = gpu.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(
        0,
        gpu.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }),
      );
      pass.dispatchWorkgroups(COUNT / 64);
      pass.end();
      const read = buffer('read back', 2 * BYTES, MAP_READ | COPY_DST);
      encoder.copyBufferToBuffer(far, 0, read, 0, BYTES);
      encoder.copyBufferToBuffer(far, NEAR_BYTES, read, BYTES, BYTES);
      gpu.queue.submit([encoder.finish()]);
      return read;
    });
    const bytes = await mapped(device, staging, 2 * BYTES);
    return compared(new Uint32Array(bytes.buffer, bytes.byteOffset, 2 * COUNT));
  } finally {
    for (const one of made) one.destroy();
  }
}

/** Of the words on this side, and of those on the other. */
function compared(got: Uint32Array): Finding {
  const wanted = [0, 1].flatMap((side) => VECTORS.map(([x, , , w]) => (w === side ? x : 0)));
  const differing = wanted.flatMap((word, i) => (word === got[i] ? [] : [i]));
  const [at] = differing;
  if (at === undefined) return { name: NAME, outcome: 'ok', detail: `${wanted.length} words` };
  const index = at < COUNT ? at : FAR + at - COUNT;
  const [expected, found] = [hex32(wanted[at] ?? 0), hex32(got[at] ?? 0)];
  const detail = `${differing.length} of ${wanted.length} words differ; of ${index}: expected ${expected}, got ${found}; dispatches that bind more than 64 MiB are computed by the reference`;
  return { name: NAME, outcome: 'information', detail };
}
