// A progress bar on stderr for work that takes longer than two seconds, where stderr is a terminal. Quick work and
// pipes show none. It counts steps and knows nothing of what they are.

import { Presets, SingleBar } from 'cli-progress';

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
