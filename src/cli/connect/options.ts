// The options of the command line that concern remote browsers, read into what connects to them. It reads files of
// capabilities and connects to nothing. Its errors repeat no address, since one can hold a password.

import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { UsageError } from '../output.ts';
import type { Exposure } from '../stacks/server.ts';
import { parseRemote } from './address.ts';
import type { Capabilities } from './address.ts';
import { browserOf } from './playwright_server.ts';
import type { Remote } from './remote.ts';

export interface ConnectOptions {
  /** Addresses of Playwright servers and WebDriver endpoints. */
  connect: string[];
  /** Files of capabilities, or JSON itself. */
  capabilities: string[];
  listen?: string;
  publicUrl?: string;
}

/** Chrome is the browser that every farm has; a driver program has no other than its own. */
const DEFAULT_CAPABILITIES: Capabilities = { browserName: 'chrome' };

function isObject(value: unknown): value is Capabilities {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One argument of --capabilities: JSON, or a file of it; one object or a list of them. */
function capabilitiesOf(argument: string): Capabilities[] {
  const isText = /^\s*[[{]/.test(argument);
  const where = isText ? '--capabilities' : `--capabilities ${argument}`;
  let value: unknown;
  try {
    value = JSON.parse(isText ? argument : readFileSync(argument, 'utf8'));
  } catch (e) {
    // The parser's own text quotes what it read.
    const why = e instanceof SyntaxError ? 'expected JSON, got something else' : String(e);
    throw new UsageError(`${where}: ${why}.`);
  }
  const list = Array.isArray(value) ? value : [value];
  if (list.length > 0 && list.every(isObject)) return list;
  throw new UsageError(`${where}: expected a JSON object of capabilities, or a list of them.`);
}

/**
 * The remote browsers of the command line: one for each Playwright server, and for each pair of a WebDriver endpoint and
 * capabilities, in the order of the addresses.
 *
 * @throws UsageError for what is no address, no capabilities, or capabilities without a WebDriver endpoint
 */
export function remotesOf({ connect, capabilities }: ConnectOptions): Remote[] {
  const addresses = connect.map(parseRemote);
  const sets = capabilities.flatMap(capabilitiesOf);
  if (sets.length > 0 && addresses.every(({ kind }) => kind !== 'webdriver')) {
    throw new UsageError(
      '--capabilities: expected a WebDriver endpoint (--connect http://…), got none.',
    );
  }
  const remotes = addresses.flatMap((address) => {
    if (address.kind === 'webdriver') {
      const all = sets.length > 0 ? sets : [DEFAULT_CAPABILITIES];
      return all.map((one) => ({ address, capabilities: one }));
    }
    browserOf(address.url);
    return [{ address, capabilities: {} }];
  });
  return remotes.map((remote, i) => ({ id: `remote-${i + 1}`, ...remote }));
}

function publicAddress(text: string): string {
  try {
    const { protocol, href, search, hash } = new URL(text);
    if (/^https?:$/.test(protocol) && search === '' && hash === '') return href;
  } catch {
    // As any other that is none.
  }
  throw new UsageError(`--public-url: expected http:// or https:// without a query, got ${text}.`);
}

/**
 * Where the page's server listens and is reached; undefined for this machine's loopback interface alone.
 *
 * @throws UsageError for a --listen that is no HOST:PORT, or that no browser could find
 */
export function exposureOf({
  listen,
  publicUrl,
}: Omit<ConnectOptions, 'connect' | 'capabilities'>): Exposure | undefined {
  if (listen === undefined) {
    if (publicUrl === undefined) return undefined;
    throw new UsageError(
      '--public-url: expected --listen HOST:PORT too: what the address leads to.',
    );
  }
  const [, bracketed, plain, digits] =
    /^(?:\[([\da-f:.]+)\]|([^:/[\]]+))(?::(\d+))?$/i.exec(listen) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits ?? 0);
  if (host === undefined || port > 65535 || (bracketed !== undefined && isIP(bracketed) !== 6)) {
    throw new UsageError(`--listen: expected HOST or HOST:PORT, got ${listen}.`);
  }
  if (publicUrl !== undefined) return { host, port, publicUrl: publicAddress(publicUrl) };
  if (host === '0.0.0.0' || /^[0:]+$/.test(host)) {
    throw new UsageError(
      `--listen: ${host} is every interface: expected --public-url URL too, the address that browsers open.`,
    );
  }
  return { host, port };
}
