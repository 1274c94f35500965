// A device that computes wrongly, for docs/VERIFYING.md: it passes the library's gate and gives a right first run; then one
// kernel gives some of its elements with the lowest bit flipped, as a processor that is too hot might. It runs a model with its
// audit switched off, and writes what an honest user of such a device would publish: a receipt, and the trace with its values.
//
//   node docs/examples/verifying/faulty_device.mjs MODEL PICTURE.npy FOLDER
//
// Node with Dawn (npm install webgpu) on whatever Vulkan driver there is. Not here: anything that the library exports for this.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { load, Tensor } from 'isobit';
import { create, globals } from 'webgpu';

/** The kernel that goes wrong, and where in its output. */
const KERNEL = 'pool';
const WHERE = 'i % 97u == 40u';

Object.assign(globalThis, globals);
const { GPUDevice, GPUComputePassEncoder } = globals;

const textOf = new Map();
const faultyOf = new Map();
let isFaulty = false;

/** `prototype[name]` becomes what `make` makes of it. */
function replace(prototype, name, make) {
  const original = prototype[name];
  prototype[name] = make(original);
}

replace(GPUDevice.prototype, 'createShaderModule', (original) => {
  return function createShaderModule(descriptor) {
    const module = original.call(this, descriptor);
    textOf.set(module, descriptor.code);
    return module;
  };
});

replace(GPUDevice.prototype, 'createComputePipeline', (original) => {
  return function createComputePipeline(descriptor) {
    const pipeline = original.call(this, descriptor);
    if (descriptor.label !== KERNEL) return pipeline;
    const { compute } = descriptor;
    const code = textOf
      .get(compute.module)
      .replace(/\bout0\[([^;=]*)\] = ([^;]+);/g, 'out0[$1] = ($2) ^ fault($1);')
      .concat(`\nfn fault(i: u32) -> u32 { return select(0u, 1u, ${WHERE}); }\n`);
    const module = this.createShaderModule({ code });
    faultyOf.set(pipeline, original.call(this, { ...descriptor, compute: { ...compute, module } }));
    return pipeline;
  };
});

replace(GPUComputePassEncoder.prototype, 'setPipeline', (original) => {
  return function setPipeline(pipeline) {
    original.call(this, (isFaulty ? faultyOf.get(pipeline) : undefined) ?? pipeline);
  };
});

const [file, picture, folder] = process.argv.slice(2);
// Behind the header of a .npy file of version 1: its length stands at byte 8.
const bytes = readFileSync(picture);
const elements = bytes.subarray(10 + bytes.readUInt16LE(8));
const image = Tensor.ofBytes('float32', new Uint8Array(elements), [1, 1, 28, 28]);

const model = await load(file, { gpu: create([]) });
await model.run({ image }, { backend: 'webgpu', trace: true });
if (faultyOf.size === 0) throw new Error(`the model runs no kernel ${KERNEL} here`);
isFaulty = true;
mkdirSync(join(folder, 'tensors'), { recursive: true });
const { trace, receipt } = await model.run(
  { image },
  {
    ...{ backend: 'webgpu', audit: 'off', receipt: true },
    onValue: (digest, value) => writeFileSync(join(folder, 'tensors', `${digest}.bin`), value),
  },
);
writeFileSync(join(folder, 'trace.json'), JSON.stringify(trace));
writeFileSync(join(folder, 'receipt.json'), receipt);
console.log(`root ${trace.root}`);
model.dispose();
process.exit();
