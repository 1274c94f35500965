// The columns of the matrix that remote browsers are: each runs every model, first on WASM, then on its GPU, in one session
// that holds one page; several browsers at a time. A session that fails or dies is opened anew and the run repeated, as
// often as is allowed; what a browser computed is never asked for twice. It promises that every session is closed, also
// when this process is interrupted, and that nothing it returns holds a credential.

import { cellOf } from '../matrix.ts';
import type { CellHead, MatrixModel, MatrixStack } from '../matrix.ts';
import { isInterrupted, whenInterrupted } from '../interrupt.ts';
import { adapterName, within } from '../stacks/runner.ts';
import type { AdapterReport, JobReply } from '../stacks/types.ts';
import { redactor } from './address.ts';
import { connectPlaywright } from './playwright_server.ts';
import { pooled } from './pool.ts';
import { engineOf } from './remote.ts';
import type { Remote, RemoteBrowser, RemotePage, RemoteSession } from './remote.ts';
import { connectWebDriver } from './webdriver.ts';

type Backend = 'wasm' | 'webgpu';

/** What a remote browser said when it was made ready for a backend. */
export interface OpenedRemote {
  backend: Backend;
  browser: RemoteBrowser;
  engine: string;
  adapter: AdapterReport | undefined;
  /** Why it has no WebGPU; undefined where it has, or was not asked. */
  absent: string | undefined;
  /** Runs a job of the bundle there, within the limit of one. */
  run(job: object): Promise<JobReply>;
}

export interface RemoteOptions {
  /** The job bundle, an absolute path that the page's server serves. */
  bundle: string;
  page: RemotePage;
  /** How many browsers at a time. */
  parallel: number;
  /** How often a run is repeated after a transport failure or a crash. */
  retries: number;
  /** Asks a browser for more, when it was made ready for a backend and before its models run there. */
  onOpen?: (id: string, opened: OpenedRemote) => Promise<void>;
  onStart?: (id: string, model: string) => void;
  onDone?: (id: string, model: string) => void;
  onEnd?: (id: string) => void;
}

const BACKENDS: readonly Backend[] = ['wasm', 'webgpu'];

/** How long the other side may take to end a session, in ms. */
const CLOSING_MS = 10_000;

/** A session, what it was last opened for, and what it then said of itself. */
interface Life {
  session: RemoteSession;
  backend?: Backend;
  adapter: AdapterReport | undefined;
  engine: string;
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What happened to one run: an answer, a GPU that is not there, or a session that failed. */
type Outcome =
  | { kind: 'reply'; reply: JobReply }
  | { kind: 'absent'; why: string }
  | { kind: 'failed'; why: string; isAtStart: boolean }
  | { kind: 'late'; why: string };

class RemoteRunner {
  readonly #remote: Remote;
  readonly #options: RemoteOptions;
  #life: Life | undefined;
  #last: Life | undefined;
  /** A session that is being created, so that an interrupt closes it too. */
  #opening: Promise<RemoteSession> | undefined;

  constructor(remote: Remote, options: RemoteOptions) {
    this.#remote = remote;
    this.#options = options;
  }

  /** The beginning of a cell; what is not known before a session is there is said to be unknown. */
  head(backend: Backend): CellHead & Pick<MatrixStack, 'remote'> {
    const { id, address } = this.#remote;
    const { session, engine = 'unknown', adapter } = this.#life ?? this.#last ?? {};
    const browser = session?.browser ?? { name: 'unknown', version: '', platform: 'unknown' };
    const { name, version, platform } = browser;
    return {
      id: `${id}/${backend}`,
      engine,
      adapter:
        backend === 'wasm' ? 'none' : adapter === undefined ? 'unknown' : adapterName(adapter),
      backend,
      remote: { url: address.shown, browser: name, version, platform },
    };
  }

  async close(): Promise<void> {
    const session = this.#life?.session ?? (await this.#opening?.catch(() => undefined));
    this.#life = undefined;
    this.#opening = undefined;
    if (session === undefined) return;
    // Of a session that is gone already nothing can be closed, and nobody is left to tell.
    await within(this.#remote.id, CLOSING_MS, 'close', session.close()).catch(() => undefined);
  }

  async #connect(): Promise<Life> {
    const { page } = this.#options;
    const { kind } = this.#remote.address;
    const opening =
      kind === 'playwright'
        ? connectPlaywright(this.#remote, page, () => undefined)
        : connectWebDriver(this.#remote, page);
    this.#opening = opening;
    let isLate = false;
    opening.then(
      // One that comes after its time must not stay behind.
      (session) => (isLate ? session.close().catch(() => undefined) : undefined),
      () => undefined,
    );
    try {
      // Its steps, connecting, loading and starting the host, have the limit each, and say more where it ends them.
      const session = await within(this.#remote.id, 3 * page.timeoutMs, 'session', opening);
      return { session, adapter: undefined, engine: 'unknown' };
    } catch (e) {
      isLate = true;
      throw e;
    } finally {
      this.#opening = undefined;
    }
  }

  /** One run, without repetition. A session that failed is closed before this returns. */
  async attempt(backend: Backend, job: object): Promise<Outcome> {
    const { bundle, page } = this.#options;
    if (isInterrupted()) return { kind: 'late', why: 'interrupted.' };
    try {
      this.#life ??= await this.#connect();
    } catch (e) {
      const why = `${this.#remote.address.shown}: ${textOf(e)}`;
      return { kind: 'failed', why, isAtStart: true };
    }
    const life = this.#life;
    const host = life.session.page;
    try {
      if (life.backend !== backend) {
        const gpu = backend === 'wasm' ? 'none' : 'navigator';
        const opening = host.open(gpu);
        const report = await within(this.#remote.id, page.timeoutMs, 'open', opening);
        if (!host.alive()) return await this.#failed(report.error?.message ?? 'the session ended');
        if (report.result === undefined) {
          const why = report.error?.message ?? 'the host gave no report.';
          await this.#tell(life, backend, why);
          return { kind: 'absent', why };
        }
        life.backend = backend;
        life.adapter = report.result.adapter;
        life.engine = engineOf(report.result.versions['userAgent'] ?? '');
        this.#last = life;
        await this.#tell(life, backend, undefined);
      }
      const work = host.run(bundle, { ...job, backend });
      const reply = await within(this.#remote.id, page.timeoutMs, 'job', work);
      if (!host.alive() || reply.error?.name === 'StackError') {
        return await this.#failed(reply.error?.message ?? 'the session ended');
      }
      return { kind: 'reply', reply: reply as JobReply };
    } catch (e) {
      // Only the limit throws. What takes too long once does so again: no repetition.
      await this.close();
      return { kind: 'late', why: textOf(e) };
    }
  }

  async #tell(life: Life, backend: Backend, absent: string | undefined): Promise<void> {
    const { bundle, page, onOpen } = this.#options;
    const { session, engine, adapter } = life;
    await onOpen?.(this.#remote.id, {
      ...{ backend, browser: session.browser, engine, adapter, absent },
      run: async (job) => {
        const work = session.page.run(bundle, job);
        return (await within(this.#remote.id, page.timeoutMs, 'job', work)) as JobReply;
      },
    });
  }

  async #failed(why: string): Promise<Outcome> {
    await this.close();
    return { kind: 'failed', why, isAtStart: false };
  }
}

/** The cells of one remote browser: a list for each backend, in the order of the models. */
async function runRemote(
  remote: Remote,
  models: MatrixModel[],
  options: RemoteOptions,
): Promise<MatrixStack[][]> {
  const { address } = options.page;
  // The page's address may hold a token that opens this machine's files.
  const withoutSecrets = redactor(remote.address, remote.capabilities);
  const redact = (text: string): string =>
    withoutSecrets(text.replaceAll(address, `${new URL(address).origin}/`));
  const runner = new RemoteRunner(remote, options);
  const forget = whenInterrupted(() => runner.close());
  /** What holds for all that is left, once it is known. */
  let dead: string | undefined;

  const cell = async (backend: Backend, model: MatrixModel): Promise<MatrixStack> => {
    const bare = (error: string, attempts: number, more: object = {}): MatrixStack => {
      const fields = { digest: null, ms: null, error: redact(error), attempts };
      return { ...runner.head(backend), ...fields, ...more };
    };
    for (let attempts = 1; ; attempts += 1) {
      const outcome = await runner.attempt(backend, model.job);
      if (outcome.kind === 'reply') {
        const { reply } = outcome;
        const done = cellOf(runner.head(backend), reply);
        if (done.error !== undefined) done.error = redact(done.error);
        return { ...done, ...runner.head(backend), attempts };
      }
      if (outcome.kind === 'absent') {
        return bare(`No WebGPU there: ${outcome.why}`, attempts, { missing: true });
      }
      if (outcome.kind === 'failed' && attempts <= options.retries) continue;
      // A browser that cannot be reached for one model is not asked again for each of the others.
      if (outcome.kind === 'failed' && outcome.isAtStart) dead = outcome.why;
      return bare(outcome.why, attempts);
    }
  };

  const columns: MatrixStack[][] = [];
  try {
    for (const backend of BACKENDS) {
      const cells: MatrixStack[] = [];
      for (const model of models) {
        options.onStart?.(remote.id, `${backend} ${model.name}`);
        const first = cells[0];
        if (dead !== undefined) {
          const fields = { digest: null, ms: null, error: redact(dead), attempts: 0 };
          cells.push({ ...runner.head(backend), ...fields });
        } else if (first?.missing === true) cells.push({ ...first, attempts: 0 });
        else cells.push(await cell(backend, model));
        options.onDone?.(remote.id, `${backend} ${model.name}`);
      }
      columns.push(cells);
    }
  } finally {
    await runner.close();
    forget();
    options.onEnd?.(remote.id);
  }
  return columns;
}

/** Runs every model on every remote browser: two columns each, WASM and WebGPU, in the order of `remotes`. */
export async function remoteColumns(
  remotes: readonly Remote[],
  models: MatrixModel[],
  options: RemoteOptions,
): Promise<MatrixStack[][]> {
  const columns = await pooled(remotes, options.parallel, (remote) =>
    runRemote(remote, models, options),
  );
  return columns.flat();
}
