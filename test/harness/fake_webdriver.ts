// A WebDriver endpoint without a browser, as far as src/cli/connect/webdriver.ts asks one: it counts sessions and answers
// the page's questions as it is told to. For what no real browser does on request: refusing, failing, hanging, counting.
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';

/** What a session's page answers to a job, in the order of its attempts; `lost` ends the session, `hang` never answers. */
export type Answer = { digest: string } | { error: string } | 'lost' | 'hang';

export interface FakeWebDriver {
  /** http://127.0.0.1:PORT, without a slash at the end. */
  url: string;
  /** Sessions that are open, the most there were at once, and how many were created and deleted. */
  sessions: { open: number; most: number; created: number; deleted: number };
  /** Bodies of the requests for a session. */
  asked: string[];
  close(): Promise<void>;
}

export interface FakeOptions {
  /** The answer to the n-th job that is asked of it, from 0; those on WebGPU find none unless `hasGpu`. */
  answer(job: number): Answer;
  hasGpu?: boolean;
  /** Refuses sessions, and says all that it was sent. */
  refuse?: boolean;
  /** Opens no page, and says which. */
  unreachable?: boolean;
  /** A job was started. */
  onJob?: (job: number) => void;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of request) text += String(piece);
  return text;
}

/** Starts one on a free port of the loopback interface. */
export async function fakeWebDriver(options: FakeOptions): Promise<FakeWebDriver> {
  const sessions = { open: 0, most: 0, created: 0, deleted: 0 };
  const asked: string[] = [];
  /** What the page of a session would answer now, as JSON; null as long as it computes. */
  const answers = new Map<string, string | null>();
  let jobs = 0;

  const execute = (id: string, body: string): unknown => {
    const { script, args } = JSON.parse(body) as { script: string; args: [string, unknown[]] };
    if (script.includes('isobitHost !== undefined')) return true;
    if (script.includes('return globalThis.isobitAnswer')) return answers.get(id);
    const [name, values] = args;
    if (name === 'open') {
      const isGpu = JSON.stringify(values).includes('navigator');
      const error = { name: 'Error', message: 'navigator.gpu: expected a GPU object' };
      const result = { versions: { userAgent: 'Mozilla/5.0 Chrome/1.0' } };
      answers.set(id, JSON.stringify(isGpu && options.hasGpu !== true ? { error } : { result }));
      return null;
    }
    const answer = options.answer(jobs);
    options.onJob?.(jobs);
    jobs += 1;
    if (answer === 'lost') throw new Error('lost');
    if (answer === 'hang') answers.set(id, null);
    else if ('error' in answer) {
      answers.set(id, JSON.stringify({ error: { name: 'Error', message: answer.error } }));
    } else answers.set(id, JSON.stringify({ result: { ...answer, ms: 1 } }));
    return null;
  };

  const server = createServer((request, response) => {
    const reply = (status: number, value: unknown): void => {
      response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' });
      response.end(JSON.stringify({ value }));
    };
    const failure = (error: string, message: string) => ({ error, message, stacktrace: '' });
    const answer = async (): Promise<void> => {
      const body = await bodyOf(request);
      const { method = '', url = '', headers } = request;
      const id = /^\/session\/([^/]+)/.exec(url)?.[1];
      if (method === 'POST' && url.endsWith('/session')) {
        asked.push(body);
        if (options.refuse === true) {
          const text = JSON.stringify({ url, headers, body });
          return reply(401, failure('session not created', `Unauthorized: ${text}`));
        }
        sessions.created += 1;
        sessions.open += 1;
        sessions.most = Math.max(sessions.most, sessions.open);
        const name = `s${sessions.created}`;
        answers.set(name, null);
        const capabilities = { browserName: 'fake', browserVersion: '1', platformName: 'none' };
        return reply(200, { sessionId: name, capabilities });
      }
      if (id === undefined || !answers.has(id)) {
        return reply(404, failure('invalid session id', 'no such session'));
      }
      if (method === 'DELETE') {
        answers.delete(id);
        sessions.open -= 1;
        sessions.deleted += 1;
        return reply(200, null);
      }
      if (options.unreachable === true && url.endsWith('/url')) {
        return reply(500, failure('unknown error', `net::ERR_CONNECTION_REFUSED ${body}`));
      }
      if (!url.endsWith('/execute/sync')) return reply(200, null);
      try {
        return reply(200, execute(id, body));
      } catch {
        answers.delete(id);
        sessions.open -= 1;
        return reply(404, failure('invalid session id', 'the browser is gone'));
      }
    };
    answer().catch(() => response.destroy());
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('fakeWebDriver: no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    sessions,
    asked,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}
