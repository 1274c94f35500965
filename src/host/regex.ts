// RE2's syntax for JavaScript's engine: a pattern is read token by token and written again with the same meaning, so that
// what both know means what RE2 says (\d, \s and \w are ASCII, . is no line break, $ is the end of the text). What RE2 does
// not have (backreferences, lookaround) is refused, and so is what JavaScript cannot say (flags within a pattern, \C).
// Promises the language of the pattern; not RE2's linear time.

/** Classes of RE2 as the inside of a JavaScript class; negated ones as a whole class. */
const PERL: Readonly<Record<string, string>> = { d: '0-9', s: '\\t\\n\\f\\r ', w: '0-9A-Za-z_' };
const POSIX: Readonly<Record<string, string>> = {
  ...{ alnum: '0-9A-Za-z', alpha: 'A-Za-z', ascii: '\\x00-\\x7f', blank: '\\t ' },
  ...{ cntrl: '\\x00-\\x1f\\x7f', digit: '0-9', graph: '!-~', lower: 'a-z', print: ' -~' },
  ...{ punct: '!-\\/:-@\\[-`\\{-~', space: '\\t\\n\\v\\f\\r ', upper: 'A-Z', word: '0-9A-Za-z_' },
  xdigit: '0-9A-Fa-f',
};
const CONTROLS = 'aftnrv';
/** Unicode categories; every other name is a script. */
const CATEGORY =
  /^(L|Lu|Ll|Lt|Lm|Lo|M|Mn|Mc|Me|N|Nd|Nl|No|P|Pc|Pd|Ps|Pe|Pi|Pf|Po|S|Sm|Sc|Sk|So|Z|Zs|Zl|Zp|C|Cc|Cf|Cs|Co)$/;

class Reader {
  readonly #text: string[];
  #at = 0;
  readonly #pattern: string;

  constructor(pattern: string) {
    this.#pattern = pattern;
    this.#text = Array.from(pattern);
  }

  get ended(): boolean {
    return this.#at >= this.#text.length;
  }

  peek(length = 1): string {
    return this.#text.slice(this.#at, this.#at + length).join('');
  }

  next(): string {
    const one = this.#text[this.#at];
    if (one === undefined) this.fail('it ends too early');
    this.#at += 1;
    return one;
  }

  takes(text: string): boolean {
    if (this.peek(Array.from(text).length) !== text) return false;
    this.#at += Array.from(text).length;
    return true;
  }

  until(end: string): string {
    let text = '';
    while (!this.takes(end)) text += this.next();
    return text;
  }

  match(pattern: RegExp): RegExpExecArray | undefined {
    const found = pattern.exec(this.#text.slice(this.#at).join(''));
    if (found === null) return undefined;
    this.#at += Array.from(found[0]).length;
    return found;
  }

  fail(what: string): never {
    throw new RangeError(
      `RegexFullMatch: pattern: expected a pattern of RE2, got '${this.#pattern}': ${what}.`,
    );
  }
}

const literal = (char: string): string => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;

/** `\pL`, `\p{Greek}`, `\P{^Lu}`. */
function property(reader: Reader, isNegated: boolean): string {
  const name = reader.takes('{') ? reader.until('}') : reader.next();
  const isTwice = name.startsWith('^');
  const plain = isTwice ? name.slice(1) : name;
  if (!/^\w+$/.test(plain)) reader.fail(`no class \\p{${name}}`);
  const value = plain === 'Any' || CATEGORY.test(plain) ? plain : `Script=${plain}`;
  return `\\${isNegated === isTwice ? 'p' : 'P'}{${value}}`;
}

/** What stands behind a backslash. `inClass`: between brackets. */
function escape(reader: Reader, inClass: boolean): string {
  const octal = reader.match(/^(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/);
  if (octal !== undefined) return literal(String.fromCodePoint(Number.parseInt(octal[0], 8)));
  const char = reader.next();
  const perl = PERL[char.toLowerCase()];
  if (perl !== undefined) {
    const isNegated = char !== char.toLowerCase();
    if (!inClass) return `[${isNegated ? '^' : ''}${perl}]`;
    if (!isNegated) return perl;
    if (char === 'D') return '\\D';
    return char === 'W' ? '\\W' : '\\x00-\\x08\\v\\x0e-\\x1f!-\\u{10ffff}';
  }
  if (char === 'p' || char === 'P') return property(reader, char === 'P');
  if (char === 'x') {
    const digits = reader.takes('{') ? reader.until('}') : reader.next() + reader.next();
    const code = /^[0-9a-fA-F]+$/.test(digits) ? Number.parseInt(digits, 16) : 0x110000;
    if (code > 0x10ffff) reader.fail(`no character \\x${digits}`);
    return `\\u{${digits}}`;
  }
  if (char === 'a') return '\\x07';
  if (CONTROLS.includes(char)) return `\\${char}`;
  if (!inClass) {
    if (char === 'A') return '^';
    if (char === 'z') return '$';
    if (char === 'b' || char === 'B') return `\\${char}`;
  }
  if (/^[0-9]$/.test(char)) reader.fail('RE2 has no backreferences');
  if (/^[A-Za-z]$/.test(char)) reader.fail(`there is no \\${char} here`);
  return literal(char);
}

function characterClass(reader: Reader): string {
  let inner = '';
  const start = reader.takes('^') ? '[^' : '[';
  for (let isFirst = true; isFirst || reader.peek() !== ']'; isFirst = false) {
    const posix = reader.match(/^\[:(\^?)(\w+):\]/);
    if (posix !== undefined) {
      const known = POSIX[posix[2] ?? ''];
      if (known === undefined) reader.fail(`no class ${posix[0]}`);
      if (posix[1] === '^') reader.fail(`${posix[0]} within a class is not implemented`);
      inner += known;
      continue;
    }
    const char = reader.next();
    if (char === '\\') inner += escape(reader, true);
    else if (char === '-') {
      // A range, or at either end of the class a minus.
      const isEnd = isFirst || reader.peek() === ']';
      inner += isEnd ? literal('-') : '-';
    } else inner += literal(char);
  }
  reader.next();
  return `${start}${inner}]`;
}

/** What opens behind a `(`: its JavaScript form. */
function group(reader: Reader): string {
  if (!reader.takes('?')) return '(?:';
  if (reader.match(/^P?<(\w+)>/) !== undefined || reader.takes(':')) return '(?:';
  if (/^(<?[=!])/.test(reader.peek(2))) reader.fail('RE2 has no lookaround');
  return reader.fail('flags within a pattern are not implemented');
}

/** A RegExp that matches a whole text where RE2 would match all of it. @throws RangeError for other patterns */
export function fullMatch(pattern: string): RegExp {
  const reader = new Reader(pattern);
  const [, named = ''] = reader.match(/^\(\?([imsU]+)\)/) ?? [];
  let out = '';
  while (!reader.ended) {
    const char = reader.next();
    if (char === '\\') out += reader.takes('Q') ? quoted(reader) : escape(reader, false);
    else if (char === '[') out += characterClass(reader);
    else if (char === '(') out += group(reader);
    else if (char === '.') out += named.includes('s') ? '[^]' : '[^\\n]';
    else if (char === '^') out += named.includes('m') ? '(?<![^\\n])' : '^';
    else if (char === '$') out += named.includes('m') ? '(?![^\\n])' : '$';
    else if (/^[*+?|)]$/.test(char)) out += char;
    else if (char === '{') {
      const repeat = reader.match(/^\d+(,\d*)?\}/);
      out += repeat === undefined ? literal('{') : `{${repeat[0]}`;
    } else out += literal(char);
  }
  try {
    return new RegExp(`^(?:${out})$`, named.includes('i') ? 'iu' : 'u');
  } catch (error) {
    return reader.fail(error instanceof Error ? error.message : String(error));
  }
}

function quoted(reader: Reader): string {
  let text = '';
  while (!reader.ended && !reader.takes('\\E')) text += literal(reader.next());
  return text;
}
