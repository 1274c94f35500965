// A job bundle without a build, for the tests of the runner: adds pairs of floats by Knuth's two-sum, which returns
// the rounding error of a sum and comes out wrong wherever a compiler reorders float operations. On a stack with a
// GPU it runs as WGSL, with the OR barrier or without; on the others in JavaScript, where Math.fround is exact.
// Job: { kind: 'two_sum', barrier } gives { wrong, total }; the other kinds provoke what a runner must survive.

const COUNT = 8192;

/** A small generator of pairs whose exponents differ by up to 12: mulberry32. */
function inputs() {
  const words = new Uint32Array(2 * COUNT);
  let state = 1;
  for (let i = 0; i < words.length; i += 1) {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    const bits = (t ^ (t >>> 14)) >>> 0;
    words[i] = (bits & 0x807fffff) | ((121 + (i % 13)) << 23);
  }
  return words;
}

/** The sum and its error, every operation rounded to f32 by Math.fround. */
function expected(words) {
  const floats = new Float32Array(words.buffer);
  const out = new Float32Array(2 * COUNT);
  const r = Math.fround;
  for (let i = 0; i < COUNT; i += 1) {
    const a = floats[2 * i];
    const b = floats[2 * i + 1];
    const s = r(a + b);
    const bb = r(s - a);
    out[2 * i] = s;
    out[2 * i + 1] = r(r(a - r(s - bb)) + r(b - bb));
  }
  return new Uint32Array(out.buffer);
}

const shader = (barrier) => `
@group(0) @binding(0) var<storage, read_write> status: array<u32>;
@group(0) @binding(1) var<storage, read> in0: array<u32>;
@group(0) @binding(2) var<storage, read_write> out0: array<u32>;
var<private> opaque_zero: u32;
fn bar(v: f32) -> f32 { return ${barrier ? 'bitcast<f32>(bitcast<u32>(v) | opaque_zero)' : 'v'}; }
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  opaque_zero = status[0];
  let a = bitcast<f32>(in0[2u * id.x]);
  let b = bitcast<f32>(in0[2u * id.x + 1u]);
  let s = bar(a + b);
  let bb = bar(s - a);
  out0[2u * id.x] = bitcast<u32>(s);
  out0[2u * id.x + 1u] = bitcast<u32>(bar(bar(a - bar(s - bb)) + bar(b - bb)));
}`;

async function onGpu(env, words, barrier) {
  const { featureLevel } = env;
  const adapter = await env.gpu.requestAdapter(featureLevel === undefined ? {} : { featureLevel });
  const device = await adapter.requestDevice();
  const module = device.createShaderModule({ code: shader(barrier) });
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } });
  const size = words.byteLength;
  // GPUBufferUsage: STORAGE 0x80, COPY_DST 8, COPY_SRC 4, MAP_READ 1; Deno has the object, workers may not.
  const buffer = (bytes, usage) => device.createBuffer({ size: bytes, usage });
  const status = buffer(16, 0x80);
  const source = buffer(size, 0x88);
  const result = buffer(size, 0x84);
  const mapped = buffer(size, 9);
  device.queue.writeBuffer(source, 0, words);
  const entries = [status, source, result].map((b, binding) => ({
    binding,
    resource: { buffer: b },
  }));
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(COUNT / 64);
  pass.end();
  encoder.copyBufferToBuffer(result, 0, mapped, 0, size);
  device.queue.submit([encoder.finish()]);
  await mapped.mapAsync(1);
  const got = new Uint32Array(mapped.getMappedRange().slice(0));
  device.destroy();
  return got;
}

export async function run(job, env) {
  if (job.kind === 'echo') {
    env.log(`echo ${job.text}`);
    return { text: job.text };
  }
  if (job.kind === 'read') return { bytes: [...(await env.readFile(job.path))] };
  if (job.kind === 'throw') throw new RangeError('thrown by the job');
  if (job.kind === 'print') {
    console.log('{"id": 1, "result": "not a reply"}');
    return 'printed';
  }
  if (job.kind === 'hang') for (;;);
  if (job.kind === 'sleep') return new Promise(() => undefined);
  if (job.kind === 'exit') {
    console.error('last words');
    const process = (await import('node:process')).default;
    process.kill(process.pid, 'SIGKILL');
    return new Promise(() => undefined);
  }
  const words = inputs();
  const want = expected(words);
  const got = env.gpu === undefined ? expected(words) : await onGpu(env, words, job.barrier);
  return { wrong: got.filter((word, i) => word !== want[i]).length, total: got.length };
}
