// A static file server for the pages of the browser stacks: loopback only, a random port, one blank page, the host
// script, and the files below the folders it was given, under /files. It sends the headers that make a page
// cross-origin isolated, so that shared memory works. It serves nothing outside those folders, links included.

import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
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
<script type="module" src="/host.mjs"></script>`;

export interface FileServer {
  /** http://127.0.0.1:PORT, without a slash at the end. */
  origin: string;
  close(): Promise<void>;
}

/** Serves `hostScript` and the folders `roots` until close(). Paths are absolute, as on this machine. */
export async function serveFiles(hostScript: string, roots: string[]): Promise<FileServer> {
  const folders = await Promise.all(roots.map((root) => realpath(root)));
  let host = '';

  const locate = async (url: string): Promise<string | undefined> => {
    const path = decodeURIComponent(new URL(url, 'http://localhost').pathname);
    if (path === '/host.mjs') return hostScript;
    if (!path.startsWith('/files/')) return undefined;
    const real = await realpath(path.slice('/files'.length));
    const inside = folders.some((folder) => real === folder || real.startsWith(folder + sep));
    return inside ? real : undefined;
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // A foreign page that rebinds its name to 127.0.0.1 still sends its own name here.
    if (request.headers.host !== host) return void response.writeHead(403).end();
    if (request.url === '/') {
      response.writeHead(200, { ...HEADERS, 'Content-Type': TYPES['.html'] }).end(PAGE);
      return;
    }
    const path = await locate(request.url ?? '').catch(() => undefined);
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
  };

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen(0, '127.0.0.1', listening);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('serveFiles: no port.');
  host = `127.0.0.1:${address.port}`;
  return {
    origin: `http://${host}`,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}
