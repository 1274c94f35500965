// Progress bars on stderr for work that takes longer than two seconds, where stderr is a terminal: one, or a table of
// them for work that goes on side by side. Quick work and pipes show none. They count steps and know nothing of what
// they are.

import { MultiBar, Presets, SingleBar } from 'cli-progress';

const PATIENCE_MS = 2000;

export interface Progress {
  /** Names the step at work. */
  at(step: string): void;
  /** One step is done. */
  done(): void;
  stop(): void;
}

/** A bar of `total` steps; the caller stops it, also after an error. */
export function startProgress(total: number): Progress {
  let count = 0;
  let current = '';
  let bar: SingleBar | undefined;
  const show = (): void => {
    const options = {
      format: '{bar} {value}/{total} {step}',
      hideCursor: true,
      stream: process.stderr,
    };
    bar = new SingleBar(options, Presets.shades_grey);
    bar.start(total, count, { step: current });
  };
  const timer = process.stderr.isTTY ? setTimeout(show, PATIENCE_MS) : undefined;
  timer?.unref();
  return {
    at: (step) => {
      current = step;
      bar?.update(count, { step });
    },
    done: () => {
      count += 1;
      bar?.update(count, { step: current });
    },
    stop: () => {
      clearTimeout(timer);
      bar?.stop();
      bar = undefined;
    },
  };
}

export interface ProgressTable {
  /** Names the step at work in a row. */
  at(row: string, step: string): void;
  /** One step of a row is done. */
  done(row: string): void;
  stop(): void;
}

/** A bar of `total` steps for each name; the caller stops them, also after an error. */
export function startProgressTable(names: readonly string[], total: number): ProgressTable {
  const rows = new Map(names.map((name) => [name, { count: 0, step: 'waits' }]));
  const bars = new Map<string, SingleBar>();
  const width = Math.max(0, ...names.map((name) => name.length));
  let table: MultiBar | undefined;
  const show = (): void => {
    const options = {
      format: '{name} {bar} {value}/{total} {step}',
      hideCursor: true,
      stream: process.stderr,
    };
    table = new MultiBar(options, Presets.shades_grey);
    for (const [name, { count, step }] of rows) {
      bars.set(name, table.create(total, count, { name: name.padEnd(width), step }));
    }
  };
  const update = (name: string, change: { count?: number; step?: string }): void => {
    const row = rows.get(name);
    if (row === undefined) return;
    Object.assign(row, change);
    bars.get(name)?.update(row.count, { name: name.padEnd(width), step: row.step });
  };
  const timer = process.stderr.isTTY ? setTimeout(show, PATIENCE_MS) : undefined;
  timer?.unref();
  return {
    at: (name, step) => update(name, { step }),
    done: (name) => update(name, { count: (rows.get(name)?.count ?? 0) + 1 }),
    stop: () => {
      clearTimeout(timer);
      table?.stop();
      table = undefined;
    },
  };
}
