// The lint over shaders (docs/NUMERICS.md, B1, B4, B5): which float operations may stand in WGSL, and where.
// A float exists only in the texts of the rounded operations, math/rounded and its other rungs; all others hold words,
// or pass Float and Float4 on. There, permitted: one rounded +, − or · directly inside a barrier call (bar4,
// bar_bits); the device's approximate quotient and root in functions named so, whose results are corrected in
// integers; bitcast. The light rung may leave a barrier away, nothing else. Everything else that touches a float
// fails, as do u32 / and %, which shipped compilers get wrong, outside math/index. The device gate's gate/floats keeps
// the rules of math/rounded; gate/habits, which shows what devices do without them, is not read. It reads tokens and declared
// types; it is no WGSL parser.

export interface Violation {
  readonly line: number;
  readonly rule: string;
  readonly message: string;
}

interface Token {
  readonly text: string;
  readonly line: number;
}

const BARRIERS = new Set(['bar4', 'bar_bits']);
const ROUNDED = /^(math\/rounded(_\w+)?|gate\/floats)$/;
const LIGHT = 'math/rounded_light';
// What the device gate reports of a device and nothing relies on.
const INFORMATION = 'gate/habits';
const APPROXIMATIONS: Readonly<Record<string, string>> = {
  approximate_quotient: '/',
  approximate_root: 'sqrt',
};
// Builtins that round, approximate, contract or order on their own, whatever their operands.
const BANNED =
  /^(fma|dot|cross|exp2?|log2?|pow|sin|cos|tan|asin|acos|atan2?|sinh|cosh|tanh|asinh|acosh|atanh|inverseSqrt|sqrt|length|distance|normalize|ldexp|frexp|modf|mix|smoothstep|degrees|radians|reflect|refract|faceForward|quantizeToF16|pack2x16\w+|unpack2x16\w+|pack4x8\w*norm|unpack4x8\w*norm|subgroup\w+|quad\w+|dpdx\w*|dpdy\w*|fwidth\w*|f16|mat\dx\d\w*)$/;
// Fine on integers; on floats they flush, ignore NaN or the sign of zero, or round.
const INTEGER_ONLY = new Set([
  'min',
  'max',
  'clamp',
  'abs',
  'sign',
  'floor',
  'ceil',
  'trunc',
  'round',
  'fract',
  'step',
  'saturate',
]);
const KEYWORDS = new Set([
  'return',
  'if',
  'while',
  'for',
  'switch',
  'case',
  'else',
  'let',
  'var',
  'const',
  'loop',
  'override',
]);

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  text.split('\n').forEach((raw, i) => {
    const code = raw.replace(/\/\/.*$/, '');
    const pattern =
      /0[xX][0-9a-fA-F]*\.?[0-9a-fA-F]*(?:[pP][+-]?\d+)?[fhiu]?|\d+\.?\d*(?:[eE][+-]?\d+)?[fhiu]?|\.\d+f?|[A-Za-z_]\w*|->|<<=?|>>=?|[<>=!+\-*/%&|^]=|&&|\|\||\+\+|--|[^\s\w]/g;
    for (const match of code.matchAll(pattern)) tokens.push({ text: match[0], line: i + 1 });
  });
  return tokens;
}

const isName = (text: string | undefined): boolean =>
  text !== undefined && /^[A-Za-z_]\w*$/.test(text);
const isFloatLiteral = (text: string): boolean =>
  /^(\d+\.\d*|\.\d+|\d+[eE][+-]?\d+)f?$|^\d+f$/.test(text) || /^0[xX].*[pP.]/.test(text);

/** The type after `name :`, as the text up to the first token that cannot belong to it. */
function typeAt(tokens: readonly Token[], from: number): string {
  let depth = 0;
  let type = '';
  for (let i = from; i < tokens.length; i += 1) {
    const text = tokens[i]?.text ?? '';
    if (text === '<') depth += 1;
    if (depth === 0 && type !== '' && text !== '<') break;
    type += text;
    if (text === '>') depth -= 1;
    if (text === '>>') depth -= 2;
    if (text.startsWith('>') && depth <= 0) break;
  }
  return type;
}
const isFloatType = (type: string): boolean =>
  /\b(f32|Float|Float4)\b/.test(type) && !type.startsWith('bitcast');

/** Names declared with a float type in the tokens, and functions that return one, beside `known` ones. */
function floatNames(tokens: readonly Token[], known: ReadonlySet<string>): Set<string> {
  const names = new Set(known);
  tokens.forEach((token, i) => {
    const next = tokens[i + 1]?.text;
    if (isName(token.text) && next === ':' && isFloatType(typeAt(tokens, i + 2)))
      names.add(token.text);
    if (token.text === 'fn') {
      let at = i + 2;
      for (let depth = 0; at < tokens.length; at += 1) {
        if (tokens[at]?.text === '(') depth += 1;
        if (tokens[at]?.text === ')') depth -= 1;
        if (depth === 0) break;
      }
      if (tokens[at + 1]?.text === '->' && isFloatType(typeAt(tokens, at + 2)))
        names.add(tokens[i + 1]?.text ?? '');
    }
  });
  // `let x = <float>`: until nothing new is found.
  for (let before = -1; before !== names.size;) {
    before = names.size;
    tokens.forEach((token, i) => {
      if (
        (token.text === 'let' || token.text === 'var') &&
        isName(tokens[i + 1]?.text) &&
        tokens[i + 2]?.text === '='
      ) {
        if (isFloatOperand(tokens, i + 3, names)) names.add(tokens[i + 1]?.text ?? '');
      }
    });
  }
  return names;
}

/** Whether an operand that starts at `from` is a float. */
function isFloatOperand(
  tokens: readonly Token[],
  from: number,
  names: ReadonlySet<string>,
): boolean {
  let i = from;
  while (tokens[i]?.text === '(' || tokens[i]?.text === '-') i += 1;
  const text = tokens[i]?.text ?? '';
  if (isFloatLiteral(text)) return true;
  if (text === 'bitcast' || /^vec\d$/.test(text))
    return /^<(vec\d<)?f32/.test(typeAt(tokens, i + 1) + (tokens[i + 2]?.text ?? ''));
  if (text === 'f32' || text === 'Float' || text === 'Float4') return true;
  if (text === 'select') return isFloatOperand(tokens, i + 2, names);
  return names.has(text);
}

/** Whether the operand that ends at `to` is a float. */
function endsFloat(tokens: readonly Token[], to: number, names: ReadonlySet<string>): boolean {
  let i = to;
  const back = (open: string, close: string): void => {
    for (let depth = 0; i >= 0; i -= 1) {
      if (tokens[i]?.text === close) depth += 1;
      if (tokens[i]?.text === open) depth -= 1;
      if (depth === 0) break;
    }
  };
  for (;;) {
    const text = tokens[i]?.text ?? '';
    if (text === ']') {
      back('[', ']');
      i -= 1;
    } else if (isName(text) && tokens[i - 1]?.text === '.') i -= 2;
    else break;
  }
  if (tokens[i]?.text === ')') {
    back('(', ')');
    const open = i;
    i -= 1;
    if (tokens[i]?.text === '>') {
      back('<', '>');
      return isFloatOperand(tokens, i - 1, names);
    }
    if (!isName(tokens[i]?.text) || KEYWORDS.has(tokens[i]?.text ?? ''))
      return isFloatOperand(tokens, open + 1, names);
    if (tokens[i]?.text === 'select') return isFloatOperand(tokens, open + 1, names);
  }
  const text = tokens[i]?.text ?? '';
  return isFloatLiteral(text) || names.has(text) || text === 'f32';
}

/** Constants that are powers of two: dividing by one is a shift, whatever the compiler. */
function powersOfTwo(tokens: readonly Token[]): (text: string) => boolean {
  const isPower = (text: string): boolean => {
    const value = /^\d+u$/.test(text) ? Number.parseInt(text, 10) : 0;
    return value > 0 && Number.isInteger(Math.log2(value));
  };
  const names = new Set<string>();
  tokens.forEach((token, i) => {
    if (token.text !== 'const') return;
    const equals = tokens.findIndex((other, k) => k > i && other.text === '=');
    const closed = tokens[equals + 2]?.text === ';';
    if (closed && isPower(tokens[equals + 1]?.text ?? '')) names.add(tokens[i + 1]?.text ?? '');
  });
  return (text) => isPower(text) || names.has(text);
}

/** The text's functions, and the declarations around them. */
function split(tokens: readonly Token[]): { functions: Token[][]; globals: Token[] } {
  const functions: Token[][] = [];
  const globals: Token[] = [];
  let current: Token[] | undefined;
  let depth = 0;
  for (const token of tokens) {
    if (token.text === 'fn' && current === undefined) {
      current = [];
      functions.push(current);
    }
    (current ?? globals).push(token);
    if (token.text === '{') depth += 1;
    if (token.text === '}') {
      depth -= 1;
      if (depth === 0) current = undefined;
    }
  }
  return { functions, globals };
}

/**
 * Everything in a text that the contract does not permit. `name` is its path below shaders/, `imported` the text of
 * what it imports, for the types of functions and the values of constants there.
 */
export function lintWgsl(name: string, text: string, imported = ''): Violation[] {
  if (name === INFORMATION) return [];
  const { functions, globals } = split(tokenize(text));
  const around = split(tokenize(imported));
  const shared = floatNames([...around.globals, ...globals], new Set());
  // A function's name is known everywhere, its parameters and locals inside it only.
  for (const one of [...around.functions, ...functions]) {
    const callee = one[1]?.text ?? '';
    if (floatNames(one, shared).has(callee)) shared.add(callee);
  }
  const isPowerOfTwo = powersOfTwo([...around.globals, ...globals]);
  return [globals, ...functions].flatMap((part) =>
    lintPart(name, part, floatNames(part, shared), isPowerOfTwo),
  );
}

function lintPart(
  name: string,
  tokens: readonly Token[],
  names: ReadonlySet<string>,
  isPowerOfTwo: (text: string) => boolean,
): Violation[] {
  const violations: Violation[] = [];
  const calls: { callee: string; floatOperations: number }[] = [];
  const isRounded = ROUNDED.test(name);
  let inFunction = '';
  const report = (i: number, rule: string, message: string): void => {
    violations.push({ line: tokens[i]?.line ?? 0, rule, message });
  };
  const afterOperand = (i: number): boolean => {
    const before = tokens[i - 1]?.text ?? '';
    return before === ')' || before === ']' || /^[\w.]+$/.test(before)
      ? !KEYWORDS.has(before)
      : false;
  };
  tokens.forEach(({ text: token }, i) => {
    const next = tokens[i + 1]?.text ?? '';
    if (token === 'fn') inFunction = next;
    if (token === 'f32' && !isRounded) {
      report(
        i,
        'float',
        'f32 outside math/rounded (B1). Use its operations on words, Float or Float4.',
      );
    }
    if (token === '(') {
      let before = tokens[i - 1]?.text ?? '';
      if (before === '>') before = 'constructor';
      calls.push({
        callee: isName(before) && !KEYWORDS.has(before) ? before : '',
        floatOperations: 0,
      });
      const allowed = APPROXIMATIONS[inFunction] === before && tokens[i - 2]?.text === 'return';
      if (BANNED.test(before) && tokens[i - 2]?.text !== 'fn' && !allowed) {
        report(
          i - 1,
          'banned',
          `${before} rounds or orders on its own (B5). Use the functions of shaders/math.`,
        );
      }
      if (INTEGER_ONLY.has(before) && isFloatOperand(tokens, i + 1, names)) {
        report(i - 1, 'integer-only', `${before} of a float (B5). Test the word's bits instead.`);
      }
      if (before === 'f32' && tokens[i - 2]?.text !== 'fn') {
        report(
          i - 1,
          'conversion',
          'f32(…) rounds as the device likes (B4). Use u32_to_f32 or i32_to_f32.',
        );
      }
    }
    if (token === ')') calls.pop();
    if (/^mat\dx\d/.test(token) || token === 'f16' || token === 'enable') {
      report(i, 'banned', `${token}: no matrices, f16 or extensions (B5).`);
    }
    if (
      (token === '/' || token === '%') &&
      !name.endsWith('math/index') &&
      afterOperand(i) &&
      !endsFloat(tokens, i - 1, names) &&
      !isPowerOfTwo(next)
    ) {
      report(
        i,
        'division',
        `u32 ${token} is wrong on some devices. Use div_u32 or mod_u32 of math/index, or a shift.`,
      );
    }
    if ((token === '==' || token === '!=') && (next === '0u' || tokens[i - 1]?.text === '0u')) {
      report(i, 'zero-test', `${token} 0u is wrong on some devices. Use < 1u or >= 1u.`);
    }
    if (
      (token === '<<' || token === '>>') &&
      /^\d+u?$/.test(next) &&
      Number.parseInt(next, 10) > 31
    ) {
      report(i, 'shift', `shift by ${next}: expected less than 32.`);
    }
    const binary = ['+', '-', '*', '/', '%'].includes(token) && afterOperand(i);
    const isFloat = binary
      ? endsFloat(tokens, i - 1, names) || isFloatOperand(tokens, i + 1, names)
      : false;
    if (isFloat) {
      const call = calls.at(-1);
      const approximated = APPROXIMATIONS[inFunction] === token;
      if (call !== undefined) call.floatOperations += 1;
      if (approximated) return;
      if (name === LIGHT && (token === '+' || token === '*')) return;
      if (!isRounded || call === undefined || !BARRIERS.has(call.callee)) {
        report(
          i,
          'barrier',
          `float ${token} outside math/rounded, or outside a barrier there (B1). Use add_rounded, mul_rounded, add4, multiply_add.`,
        );
      } else if (call.floatOperations > 1) {
        report(
          i,
          'barrier',
          `a second float operation in one barrier (B1). Each rounding needs its own bar4 or bar_bits.`,
        );
      } else if (token === '/' || token === '%') {
        report(i, 'barrier', `float ${token} is approximate (B4). Use div_f32.`);
      }
    }
    if (token === '-' && !binary && isFloatOperand(tokens, i + 1, names)) {
      report(i, 'negation', 'negation of a float (B5). Flip the sign bit of the word.');
    }
    if (['+=', '-=', '*=', '/=', '%='].includes(token) && endsFloat(tokens, i - 1, names)) {
      report(i, 'barrier', `float ${token} (B1). Write x = bar4(x ${token[0]} y).`);
    }
    const comparison =
      ['<=', '>=', '==', '!='].includes(token) ||
      ((token === '<' || token === '>') && !isTemplate(tokens, i));
    if (comparison && (endsFloat(tokens, i - 1, names) || isFloatOperand(tokens, i + 1, names))) {
      report(i, 'comparison', `float ${token} (V2): NaN, −0 and subnormals differ. Compare words.`);
    }
  });
  return violations;
}

/** Whether `<` or `>` at i belongs to a type such as vec4<u32> or var<storage, read>. */
function isTemplate(tokens: readonly Token[], i: number): boolean {
  const opens = /^(vec\d|array|bitcast|ptr|atomic|var|mat\dx\d)$/;
  if (tokens[i]?.text === '<') return opens.test(tokens[i - 1]?.text ?? '');
  for (let k = i - 1, depth = 1; k >= 0 && i - k < 16; k -= 1) {
    const text = tokens[k]?.text ?? '';
    if (text === '>') depth += 1;
    if (text === '<') {
      depth -= 1;
      if (depth === 0) return opens.test(tokens[k - 1]?.text ?? '');
    }
    if (text === ';' || text === '{') return false;
  }
  return false;
}
