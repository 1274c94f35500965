// Which dispatches a run audits, and of each which units (docs/NUMERICS.md, B8). Promises: the first audited run of a
// model audits every dispatch, so that a fault in every row of any is found by it; later, a pipeline not seen before is
// audited once, and beyond that every row of every dispatch can come in every run, for at most SHARE of the time over
// all runs, plus one dispatch. Not here: copying and comparing (samples.ts, spot_check.ts).
import type { Dispatch } from '../../core/op.ts';
import type { AuditOptions } from '../backend.ts';
import { drawUnits } from './spot_check.ts';

/** A dispatch that the GPU executes. */
export interface Auditable {
  readonly step: number;
  readonly dispatch: Dispatch;
  readonly pipeline: object;
  /** Bytes that are copied, searched and compared for it, whatever the number of units. */
  readonly bytes: number;
}

/** Steps to their units. */
export type Choice = ReadonlyMap<number, readonly number[]>;

/** How long runs of one plan take. */
export interface RunClock {
  /** Without an audit, smoothed. */
  plain: number | undefined;
  /** How much longer with one than is seen, smoothed: noise makes it negative at times. */
  unseen: number;
}

/** A run, in milliseconds. */
export interface RunTime {
  readonly ms: number;
  readonly auditMs: number;
  /** See Auditable. */
  readonly bytes: number;
  readonly audited: boolean;
}

// The share of the time of runs that is put to the account of audits: with what no clock sees (caches, the device's
// queue) they take half as much again (docs/BENCHMARKS.md), and 2 % are promised.
const SHARE = 0.0125;
// Once the inputs are here, further units cost little: up to four, within about a third of a millisecond.
const MOST_UNITS = 4;
const MULTIPLY_ADDS = 1 << 20;
// A single run is never held up by more than this much copying, but for one dispatch that is larger.
const BYTES_A_RUN = 1 << 26;
// The weight of the last run in a mean.
const SMOOTHING = 1 / 8;
// Milliseconds a byte, until there is a measurement.
const FIRST_GUESS = 4e-6;

export class Auditor {
  // Milliseconds that runs have earned and audits have not used. An audit is paid for afterwards, so a dispatch of any
  // size can come as soon as nothing is owed.
  #balance = 0;
  #spent = 0;
  #bytes = 0;
  #whole = false;
  readonly #trusted = new WeakSet<object>();
  readonly #chosen = new WeakSet<object>();

  /** Work that is not an audit's has taken so long. */
  earn(ms: number): void {
    this.#balance += ms * SHARE;
  }

  /** An audit has taken so long. */
  spend(ms: number, bytes: number): void {
    this.#balance -= ms;
    this.#spent += ms;
    this.#bytes += bytes;
  }

  /**
   * A run of a plan is over: `ms` in all, `auditMs` of them seen to be the audit's. What copies cost on the device nobody
   * sees; it is how much longer audited runs take than others, smoothed.
   */
  account(clock: RunClock, { ms, auditMs, bytes, audited }: RunTime): void {
    const rest = ms - auditMs;
    if (!audited) {
      clock.plain = clock.plain === undefined ? ms : clock.plain + (ms - clock.plain) * SMOOTHING;
      this.earn(ms);
      return;
    }
    if (clock.plain !== undefined) {
      // A page that lay idle, a machine that did something else: one such run says nothing.
      const longer = Math.max(-clock.plain, Math.min(clock.plain, rest - clock.plain));
      clock.unseen += (longer - clock.unseen) * SMOOTHING;
    }
    const unseen = Math.min(Math.max(0, clock.unseen), rest);
    this.spend(auditMs + unseen, bytes);
    this.earn(rest - unseen);
  }

  /** True until an audit of every dispatch of a plan was done. */
  get fresh(): boolean {
    return !this.#whole;
  }

  /** These pipelines gave the reference's bits in an audit; `all` if it was one of every dispatch. */
  trust(pipelines: Iterable<object>, all: boolean): void {
    for (const pipeline of pipelines) this.#trusted.add(pipeline);
    if (all) this.#whole = true;
  }

  /**
   * What the next run audits.
   *
   * @param all every dispatch, as in the first run
   */
  choose(steps: readonly Auditable[], { rows, random }: AuditOptions, all: boolean): Choice {
    const chosen = new Map<number, Set<number>>();
    const take = ({ step, dispatch }: Auditable, count: number): void => {
      const units = chosen.get(step) ?? new Set();
      for (const unit of drawUnits(dispatch, count, random)) units.add(unit);
      if (units.size > 0) chosen.set(step, units);
    };
    const here = new Set<object>();
    for (const one of steps) {
      if (!all && (here.has(one.pipeline) || this.#isKnown(one.pipeline))) continue;
      here.add(one.pipeline);
      this.#chosen.add(one.pipeline);
      take(one, 1);
    }
    const possible = steps.filter(({ dispatch }) => dispatch.units > 0);
    const draw = (): Auditable | undefined => possible[Math.floor(random() * possible.length)];
    if (rows !== undefined) {
      for (let row = 0; row < rows; row += 1) {
        const one = draw();
        if (one !== undefined) take(one, 1);
      }
    } else if (!all) {
      const rate = this.#bytes === 0 ? FIRST_GUESS : this.#spent / this.#bytes;
      let bytes = 0;
      for (const _ of possible) {
        const one = draw();
        if (one === undefined || bytes >= BYTES_A_RUN || bytes * rate >= this.#balance) break;
        bytes += one.bytes;
        take(one, unitsOf(one.dispatch));
      }
    }
    return new Map([...chosen].map(([step, units]) => [step, [...units]]));
  }

  /** A dispatch that was chosen but raised its flag was not compared: it is tried again when nothing is owed. */
  #isKnown(pipeline: object): boolean {
    return this.#trusted.has(pipeline) || (this.#chosen.has(pipeline) && this.#balance <= 0);
  }
}

function unitsOf({ unitCost }: Dispatch): number {
  return Math.max(1, Math.min(MOST_UNITS, Math.floor(MULTIPLY_ADDS / Math.max(1, unitCost))));
}
