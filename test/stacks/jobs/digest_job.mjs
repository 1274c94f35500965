// A job bundle for the tests of the matrix: returns the digest that the job asks for, or fails as it asks to.
// Job: { digests: { wasm, webgpu }, fail?: 'throw' | 'exit', on?: 'wasm' | 'webgpu', backend }.

export async function run(job, env) {
  if (job.on === job.backend) {
    if (job.fail === 'throw') throw new Error('the job fails here');
    const process = (await import('node:process')).default;
    process.exit(134);
  }
  const hasGpu = env.gpu !== undefined;
  if (hasGpu !== (job.backend === 'webgpu')) throw new Error('the backend is not the stack’s');
  return { digest: job.digests[job.backend], ms: 1.25 };
}
