// The far side of a stack: loads a job bundle and runs its jobs, in Node, Deno, Bun or a browser page. It promises that
// a job sees the same `env` everywhere and that every request gets exactly one reply, a result or an error. In a
// process it speaks JSON lines on stdin and stdout; in a page it offers `globalThis.isobitHost`. It is plain
// JavaScript because Node 20 and browsers must run it without a build. It starts and limits nothing: see runner.ts.

/** Marks the lines of stdout that are replies; native libraries may print others between them. */
const MARK = '\u001eisobit ';

const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupsPerDimension',
];

/** @param {unknown} e */
function describeError(e) {
  const isError = e instanceof Error || (typeof e === 'object' && e !== null && 'message' in e);
  const { name, message, stack } = isError ? /** @type {Error} */ (e) : new Error(String(e));
  return { name: name ?? 'Error', message, stack: stack ?? '' };
}

/**
 * What the adapter says of itself; undefined without `gpu`.
 * @param {GPU | undefined} gpu
 * @param {'core' | 'compatibility' | undefined} featureLevel
 */
async function describeAdapter(gpu, featureLevel) {
  if (gpu === undefined || gpu === null) return undefined;
  const adapter = await gpu.requestAdapter(featureLevel === undefined ? {} : { featureLevel });
  if (adapter === null) throw new Error('requestAdapter: no adapter: expected one, got null.');
  const { vendor, architecture, device, description } = adapter.info;
  /** @type {Record<string, number>} */
  const limits = {};
  for (const name of LIMITS) limits[name] = Number(adapter.limits[name]);
  const features = [...adapter.features].sort();
  return { vendor, architecture, device, description, limits, features };
}

/** @param {object} env @param {string} bundle @param {unknown} job */
async function runJob(env, bundle, job) {
  const module = await import(env.url(bundle));
  return (await module.run(job, env)) ?? null;
}

/** In a page: files are fetched from the server of server.ts, under files/ beside the page. */
function pageHost() {
  const encode = (path) => path.split('/').map(encodeURIComponent).join('/');
  const url = (path) => new URL(`files${encode(path)}`, document.baseURI).href;
  const readFile = async (path) => {
    const response = await fetch(url(path));
    if (!response.ok) throw new Error(`readFile: ${path}: HTTP status ${response.status}.`);
    return new Uint8Array(await response.arrayBuffer());
  };
  const reply = async (work) => {
    try {
      return JSON.stringify({ result: await work() });
    } catch (e) {
      return JSON.stringify({ error: describeError(e) });
    }
  };
  let env;
  globalThis.isobitHost = {
    open: (options) =>
      reply(async () => {
        const gpu = options.gpu === 'none' ? undefined : navigator.gpu;
        if (options.gpu !== 'none' && gpu === undefined) {
          const remedy = isSecureContext ? '' : ' Browsers have one on https and localhost only.';
          throw new Error(`navigator.gpu: expected a GPU object, got undefined.${remedy}`);
        }
        const log = (line) => console.log('isobit: ' + line);
        env = { gpu, featureLevel: options.featureLevel, url, readFile, log };
        const adapter = await describeAdapter(gpu, options.featureLevel);
        return { adapter, versions: { userAgent: navigator.userAgent } };
      }),
    run: (bundle, job) => reply(() => runJob(env, bundle, JSON.parse(job))),
  };
}

async function processHost() {
  const process = (await import('node:process')).default;
  const { createInterface } = await import('node:readline');
  const { readFile, writeFile } = await import('node:fs/promises');
  const { pathToFileURL } = await import('node:url');
  const { Console } = await import('node:console');
  // Replies own stdout; what a job prints goes to stderr, where the runner keeps it for its error texts.
  globalThis.console = new Console(process.stderr, process.stderr);

  const send = (message) =>
    new Promise((sent) => process.stdout.write(MARK + JSON.stringify(message) + '\n', sent));

  const open = async (options) => {
    let gpu;
    if (options.gpu === 'navigator') gpu = globalThis.navigator.gpu;
    if (options.gpu === 'dawn') {
      const dawn = await import(pathToFileURL(options.dawnModule).href);
      Object.assign(globalThis, dawn.globals);
      gpu = dawn.create(options.dawnFlags);
      // Where a library looks for it. It also keeps the object alive: Dawn aborts when create()'s result is collected.
      const navigator = globalThis.navigator ?? {};
      Object.defineProperty(navigator, 'gpu', { value: gpu });
      Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
    }
    const env = {
      gpu,
      featureLevel: options.featureLevel,
      url: (path) => pathToFileURL(path).href,
      readFile: async (path) => new Uint8Array(await readFile(path)),
      writeFile: (path, bytes) => writeFile(path, bytes),
      log: (line) => void send({ log: line }),
    };
    const adapter = await describeAdapter(gpu, options.featureLevel);
    const { node, v8 } = process.versions;
    const deno = globalThis.Deno?.version.deno;
    const bun = globalThis.Bun?.version;
    return { env, report: { adapter, versions: { node, v8, deno, bun } } };
  };

  let env;
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === '') continue;
    const request = JSON.parse(line);
    try {
      if (request.open !== undefined) {
        const opened = await open(request.open);
        env = opened.env;
        await send({ id: request.id, result: opened.report });
      } else {
        const result = await runJob(env, request.bundle, request.job);
        await send({ id: request.id, result });
      }
    } catch (e) {
      await send({ id: request.id, error: describeError(e) });
    }
  }
  // Drivers keep threads alive; the end of stdin is the end of this process.
  process.exit(0);
}

if (typeof document === 'object') pageHost();
else await processHost();
