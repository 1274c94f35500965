// Documents from elsewhere: JSON of a bounded length that is as its schema says. Promises: whatever the text is, it is read or
// refused with a reason, never another error. Not here: what a receipt or a trace must be beside that.
import { Validator, type Schema } from '@cfworker/json-schema';
import type { Json } from './canonical.ts';

export class DocumentForm {
  readonly #validator: Validator;
  readonly #most: number;
  readonly #refusal: (why: string, cause?: unknown) => Error;

  /**
   * @param schema of draft 2020-12
   * @param most characters of a text
   * @param refusal the error that is thrown, for a reason
   */
  constructor(schema: object, most: number, refusal: (why: string, cause?: unknown) => Error) {
    this.#validator = new Validator(schema as Schema, '2020-12', true);
    this.#most = most;
    this.#refusal = refusal;
  }

  /** @throws the refusal of a text that is too long or no JSON */
  parse(text: string): Json {
    if (text.length > this.#most) {
      throw this.#refusal(
        `too large: expected at most ${this.#most} characters, got ${text.length}.`,
      );
    }
    return this.tried('no JSON: ', () => JSON.parse(text) as Json);
  }

  /** @throws the refusal of a document that is not as the schema says */
  check(document: unknown): void {
    const { valid, errors } = this.tried('', () => this.#validator.validate(document));
    if (valid) return;
    const last = errors.at(-1);
    throw this.#refusal(
      `not as its schema says: ${last?.instanceLocation ?? '#'}: ${last?.error ?? 'invalid'}`,
    );
  }

  /** What `work` gives, or the refusal for what it throws: half a character, or a thousand brackets, has no canonical text. */
  tried<T>(what: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw this.#refusal(`${what}${why}${why.endsWith('.') ? '' : '.'}`, error);
    }
  }
}
