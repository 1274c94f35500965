// A static file server for the pages of browsers: one blank page, the host script, and the files and folders that it was
// given, under files/. It sends the headers that make a page cross-origin isolated, so that shared memory works. It
// serves nothing outside what it was given, links included. Without more it is for this machine: loopback, a random port.
// Whatever others can reach, by an interface or through a tunnel, is below an unguessable path, and nothing else answers.

import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { extname, sep } from 'node:path';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

const HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

const PAGE = `<!doctype html><meta charset="utf-8"><title>isobit</title><link rel="icon" href="data:,">
<script type="module" src="host.mjs"></script>`;

/** The path of a request's URL; undefined for one that is none. */
export function decodedPath(url: string): string | undefined {
  try {
    return decodeURIComponent(new URL(url, 'http://localhost').pathname);
  } catch {
    return undefined;
  }
}

export interface FileServer {
  /** The page's address, with a slash at its end. Where it holds a token, whoever has it can read the files. */
  page: string;
  close(): Promise<void>;
}

/** Where a server listens that others than this machine reach. */
export interface Exposure {
  /** The interface, as an address or a name. */
  host: string;
  /** 0 for any that is free. */
  port: number;
  /** The address under which the browsers reach it, where that is another (a tunnel, a proxy). */
  publicUrl?: string;
}

/** What is reached from this machine only. */
export const LOOPBACK = '127.0.0.1';

/** An address in a URL: IPv6 has brackets there. */
const inUrl = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** An unguessable path, with a slash at both ends. */
export const secretPath = (): string => `/${randomBytes(16).toString('hex')}/`;

/** True if a path begins with this segment; takes as long wherever they differ. */
export function beginsWith(path: string, segment: string): boolean {
  const begin = Buffer.from(path.slice(0, segment.length).padEnd(segment.length, '\0'));
  const wanted = Buffer.from(segment);
  return begin.length === wanted.length && timingSafeEqual(begin, wanted);
}

/** Answers with a file, or with 404 where there is none. */
export async function sendFile(response: ServerResponse, path: string | undefined): Promise<void> {
  const status = path === undefined ? undefined : await stat(path).catch(() => undefined);
  if (path === undefined || status?.isFile() !== true) {
    response.writeHead(404, HEADERS).end();
    return;
  }
  const type = TYPES[extname(path)] ?? 'application/octet-stream';
  response.writeHead(200, { ...HEADERS, 'Content-Type': type, 'Content-Length': status.size });
  createReadStream(path)
    .on('error', () => response.destroy())
    .pipe(response);
}

/** The real path if it is one of `roots` or lies below one; links are followed before. */
export async function pathBelow(
  path: string,
  roots: readonly string[],
): Promise<string | undefined> {
  const real = await realpath(path);
  return roots.some((root) => real === root || real.startsWith(root + sep)) ? real : undefined;
}

/** Starts listening. @returns what stands in a URL behind http://. @throws Error where it cannot listen there */
export async function listen(server: Server, host: string, port: number): Promise<string> {
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen(port, host, listening);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('listen: no port.');
  return `${inUrl(host)}:${address.port}`;
}

/** Ends a server with the connections that are open. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((closed) => {
    server.close(() => closed());
    server.closeAllConnections();
  });
}

/**
 * Serves `hostScript` and the files and folders `roots` until close(). Paths are absolute, as on this machine.
 *
 * @throws Error When it cannot listen there, or a root does not exist.
 */
export async function serveFiles(
  hostScript: string,
  roots: string[],
  exposure?: Exposure,
): Promise<FileServer> {
  const folders = await Promise.all(roots.map((root) => realpath(root)));
  let host = '';
  /** What every path begins with. */
  const base = exposure === undefined ? '/' : secretPath();

  const locate = async (path: string): Promise<string | undefined> => {
    if (path === '/host.mjs') return hostScript;
    if (!path.startsWith('/files/')) return undefined;
    return pathBelow(path.slice('/files'.length), folders);
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // A foreign page that rebinds its name to 127.0.0.1 still sends its own name here. It knows no token.
    if (exposure === undefined && request.headers.host !== host) {
      return void response.writeHead(403).end();
    }
    const whole = decodedPath(request.url ?? '');
    if (whole === undefined || !beginsWith(whole, base)) {
      return void response.writeHead(404).end();
    }
    const asked = whole.slice(base.length - 1);
    if (asked === '/') {
      response.writeHead(200, { ...HEADERS, 'Content-Type': TYPES['.html'] }).end(PAGE);
      return;
    }
    await sendFile(response, await locate(asked).catch(() => undefined));
  };

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  host = await listen(server, exposure?.host ?? LOOPBACK, exposure?.port ?? 0);
  const reached = (exposure?.publicUrl ?? `http://${host}`).replace(/\/+$/, '');
  return { page: `${reached}${base}`, close: () => closeServer(server) };
}
