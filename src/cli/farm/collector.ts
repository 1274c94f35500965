// The server that device reports are posted to. Everything is below an unguessable path, and whoever knows it can post: a
// body has a limit, must be a device report, and becomes a new file in one folder, under a name made of its own words; no
// file is ever replaced, and there is a limit of their number. It can serve a bundle's page too, which needs no CORS then.

import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileNameOf, readDeviceReport } from '../../evidence/device_report.ts';
import type { DeviceReport } from '../../evidence/device_report_types.ts';
import {
  beginsWith,
  closeServer,
  decodedPath,
  listen,
  LOOPBACK,
  pathBelow,
  secretPath,
  sendFile,
} from '../stacks/server.ts';
import type { Exposure } from '../stacks/server.ts';

/** A report is smaller; the reader has the same limit. */
const MOST_BYTES = 1 << 20;
/** What is read of a longer body, so that its sender gets an answer. */
const MOST_READ = 16 * MOST_BYTES;
/** Files of one run. */
const MOST_REPORTS = 10_000;

/** A page of any origin may post; some browsers ask before they let a public page reach a private network. */
const CORS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': 'POST, OPTIONS',
  'Access-Control-Allow-Headers': 'Content-Type',
  'Access-Control-Allow-Private-Network': 'true',
  'Cross-Origin-Resource-Policy': 'cross-origin',
};

export interface CollectorOptions {
  /** Where reports are written; made if it is not there. */
  folder: string;
  /** A bundle to serve. */
  bundle?: string;
  /** Where others reach it; loopback and any free port if not given. */
  exposure?: Exposure;
  onReport: (report: DeviceReport, file: string) => void;
}

export interface Collector {
  /** Where reports are posted to. */
  report: string;
  /** The bundle's page, with the address of its reports; undefined without a bundle. */
  page: string | undefined;
  close(): Promise<void>;
}

class Refused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request) {
    const bytes = piece as Buffer;
    length += bytes.length;
    if (length <= MOST_BYTES) pieces.push(bytes);
    if (length > MOST_READ) break;
  }
  if (length > MOST_BYTES) throw new Refused(413, `expected at most ${MOST_BYTES} bytes.`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(pieces));
  } catch {
    throw new Refused(400, 'expected UTF-8, got other bytes.');
  }
}

/** A report, or why it is none. */
function reportOf(text: string): DeviceReport {
  try {
    return readDeviceReport(text);
  } catch (e) {
    throw new Refused(400, e instanceof Error ? e.message : String(e));
  }
}

/** Writes a new file, with a number behind its name where that is taken. @returns its name */
function writeNew(folder: string, report: DeviceReport, text: string): string {
  const stem = fileNameOf(report).replace(/\.json$/, '') || 'device';
  for (let n = 1; ; n += 1) {
    const name = n === 1 ? `${stem}.json` : `${stem}-${n}.json`;
    try {
      writeFileSync(join(folder, name), text.endsWith('\n') ? text : `${text}\n`, { flag: 'wx' });
      return name;
    } catch (e) {
      const { code } = e as NodeJS.ErrnoException;
      if (code !== 'EEXIST' || n >= MOST_REPORTS) throw e;
    }
  }
}

/** Starts it. @throws Error where it cannot listen there, or the folders are none */
export async function startCollector(options: CollectorOptions): Promise<Collector> {
  const { folder, bundle, exposure, onReport } = options;
  mkdirSync(folder, { recursive: true });
  const root = bundle === undefined ? undefined : realpathSync(bundle);
  const base = secretPath();
  let written = 0;

  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const headers = { ...CORS, 'Content-Type': 'text/plain; charset=utf-8' };
    try {
      if (written >= MOST_REPORTS) throw new Refused(503, `${MOST_REPORTS} reports came already.`);
      const text = await textOf(request);
      const report = reportOf(text);
      const name = writeNew(folder, report, text);
      written += 1;
      response.writeHead(201, headers).end(name);
      onReport(report, name);
    } catch (e) {
      const status = e instanceof Refused ? e.status : 500;
      // What is wrong with this machine's disk is not the sender's matter.
      const why = e instanceof Refused ? e.message : 'the report could not be written.';
      response.writeHead(status, { ...headers, 'X-Content-Type-Options': 'nosniff' }).end(why);
    }
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const whole = decodedPath(request.url ?? '');
    if (whole === undefined || !beginsWith(whole, base)) {
      return void response.writeHead(404).end();
    }
    const asked = whole.slice(base.length);
    if (asked === 'report') {
      if (request.method === 'OPTIONS') return void response.writeHead(204, CORS).end();
      if (request.method === 'POST') return receive(request, response);
      return void response.writeHead(405, { ...CORS, Allow: 'POST, OPTIONS' }).end();
    }
    if (root === undefined || !asked.startsWith('page/') || request.method !== 'GET') {
      return void response.writeHead(404).end();
    }
    const inside = asked.slice('page/'.length) || 'index.html';
    const path = await pathBelow(join(root, inside), [root]).catch(() => undefined);
    return sendFile(response, path);
  };

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  const host = await listen(server, exposure?.host ?? LOOPBACK, exposure?.port ?? 0);
  const origin = (exposure?.publicUrl ?? `http://${host}`).replace(/\/+$/, '');
  return {
    report: `${origin}${base}report`,
    page: root === undefined ? undefined : `${origin}${base}page/?report=../report`,
    close: () => closeServer(server),
  };
}
