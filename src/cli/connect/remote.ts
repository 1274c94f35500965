// What a remote browser is for the matrix, whichever protocol drives it: a session that holds one page with the host,
// and what the browser says of itself. Types, and the few texts that both protocols share.

import type { PageHandle } from '../stacks/types.ts';
import type { Capabilities, RemoteAddress } from './address.ts';

/** One browser to run on. */
export interface Remote {
  /** remote-1, remote-2 …, in the order of the command line. */
  id: string;
  address: RemoteAddress;
  /** Of the session to create; WebDriver only. */
  capabilities: Capabilities;
}

export interface RemoteBrowser {
  name: string;
  version: string;
  platform: string;
}

/** A session at a remote browser, with the host's page open. */
export interface RemoteSession {
  browser: RemoteBrowser;
  page: PageHandle;
  /** Ends the session at the other side too. */
  close(): Promise<void>;
}

/** The page that a remote browser opens. */
export interface RemotePage {
  address: string;
  /** It is on this machine's loopback interface. */
  isLoopback: boolean;
  /** Limit of creating the session, of opening the page, and of one request of a job, each in ms. */
  timeoutMs: number;
  /** Limit of the time until a page that has loaded has its host; 30 s when not given. */
  hostMs?: number;
}

/** How long a page that has loaded may take until its host is there, in ms. */
export const hostLimit = ({ timeoutMs, hostMs = 30_000 }: RemotePage): number =>
  Math.min(timeoutMs, hostMs);

/** What to do when a browser at another machine opens a page of this one's loopback interface. */
export const UNREACHED =
  'On another machine? Say where it finds this one: --listen HOST:PORT (--public-url URL).';

/** The name of an engine, of a user agent. */
export function engineOf(userAgent: string): string {
  if (/Firefox\//.test(userAgent)) return 'SpiderMonkey';
  if (/Chrome\//.test(userAgent)) return 'V8';
  // On iOS every browser is one of these.
  return /AppleWebKit\//.test(userAgent) ? 'JavaScriptCore' : 'unknown';
}
