// The messages between the process that meets hostile models and the one that watches it.

export interface ToChild {
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  /** Only say what the models are. */
  readonly show: boolean;
  /** Paths of further models. */
  readonly files: readonly string[];
}

export type FromChild =
  | { readonly kind: 'ready' }
  | { readonly kind: 'begin'; readonly index: number; readonly name: string }
  | {
      readonly kind: 'end';
      readonly index: number;
      readonly result: 'ran' | 'loaded' | 'refused';
    }
  | {
      readonly kind: 'end';
      readonly index: number;
      readonly result: 'broken';
      readonly wrong: string;
      readonly error: string;
      readonly stack: string;
      /** base64. */
      readonly model: string;
    }
  /** base64. */
  | { readonly kind: 'model'; readonly index: number; readonly model: string }
  /** The most that the process ever took. */
  | { readonly kind: 'memory'; readonly index: number; readonly bytes: number }
  | { readonly kind: 'done' };
