// Addresses of remote browsers: of which kind each is, what is called by it in tables and errors, and what must never
// be printed. An address of a Playwright server or of a WebDriver endpoint is often itself the credential (a password, a
// token in its path or query), so that only its scheme, host and port are ever shown. It connects to nothing.

import { UsageError } from '../output.ts';

/** Capabilities of a WebDriver session, as in W3C WebDriver: names to JSON values. */
export type Capabilities = Readonly<Record<string, unknown>>;

export interface RemoteAddress {
  kind: 'playwright' | 'webdriver';
  /** With all that it needs to connect; never printed. */
  url: string;
  /** Scheme, host and port: what is printed. */
  shown: string;
}

const SCHEMES = 'ws:// or wss:// for a Playwright server, http:// or https:// for WebDriver';

/** An address on the command line. @throws UsageError for any other, without repeating it: it may hold a password. */
export function parseRemote(text: string): RemoteAddress {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new UsageError(`--connect: expected a URL (${SCHEMES}), got something else.`);
  }
  const shown = `${url.protocol}//${url.host}`;
  if (url.protocol === 'ws:' || url.protocol === 'wss:') {
    return { kind: 'playwright', url: text, shown };
  }
  if (url.protocol === 'http:' || url.protocol === 'https:') {
    return { kind: 'webdriver', url: text, shown };
  }
  throw new UsageError(`--connect: expected ${SCHEMES}, got ${url.protocol}`);
}

const SECRET_NAME = /key|token|secret|pass|pwd|user|credential|auth/i;
/** A shorter piece of a path, or a shorter name, is a word that stands elsewhere too. */
const LEAST_SEGMENT = 16;
const LEAST_NAME = 3;

/** The texts in capabilities whose names say that they are credentials. */
function secretsOfCapabilities(value: unknown, isSecret = false): string[] {
  if (typeof value === 'string') return isSecret && value.length >= LEAST_NAME ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    secretsOfCapabilities(inner, isSecret || (!Array.isArray(value) && SECRET_NAME.test(name))),
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What a URL holds beside scheme, host and port. */
function secretsOfUrl(text: string): string[] {
  const url = new URL(text);
  const secrets: string[] = [];
  const name = decoded(url.username);
  const password = decoded(url.password);
  if (name !== '' || password !== '') {
    secrets.push(`${url.username}:${url.password}`, `${name}:${password}`);
    secrets.push(Buffer.from(`${name}:${password}`).toString('base64'), url.password, password);
    if (name.length >= LEAST_NAME) secrets.push(url.username, name);
  }
  for (const [key, value] of url.searchParams) {
    // Which browser is no secret, and launch options are those only where their names say so.
    if (key !== 'browser' && key !== 'launch-options') {
      secrets.push(value, encodeURIComponent(value));
    }
  }
  secrets.push(...url.pathname.split('/').filter((part) => part.length >= LEAST_SEGMENT));
  return secrets.filter((secret) => secret !== '');
}

/**
 * A function that takes out of a text everything of an address, and of the capabilities, that may be a credential. It is
 * applied to every text that comes from a remote browser or from what drives it.
 */
export function redactor(
  { url, shown }: RemoteAddress,
  capabilities: Capabilities = {},
): (text: string) => string {
  const secrets = [...secretsOfUrl(url), ...secretsOfCapabilities(capabilities)];
  // As text of JSON too, in which the other side may quote it.
  const forms = secrets.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]);
  // The longest first: one can be a part of another.
  const sorted = [...new Set(forms)].sort((a, b) => b.length - a.length);
  return (text) => {
    const short = text.replaceAll(url, shown).replaceAll(new URL(url).href, shown);
    return sorted.reduce((rest, secret) => rest.replaceAll(secret, '***'), short);
  };
}
