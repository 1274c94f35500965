// `isobit check MODEL`: every node on WASM and on a WebGPU stack, compared as words. It prints where the two part
// first, and fails when they part at all.

import type { CheckReport } from '../index.ts';
import type { ModelJob } from '../jobs/model_job.ts';
import { contract } from '../core/digest.ts';
import { chooseInputs } from './feed_files.ts';
import { runOnGpu } from './gpu_stack.ts';
import { requireRunnable } from './here.ts';
import { resolveModel, temporaryFolder, writeFeeds } from './model_files.ts';
import { EXIT, printResult } from './output.ts';
import type { ExitCode } from './output.ts';
import { startProgress } from './progress.ts';
import type { InputOptions } from './run.ts';

export interface CheckCommandOptions extends InputOptions {
  /** The id of a WebGPU stack. */
  stack?: string;
  json: boolean;
}

export interface CheckDocument extends CheckReport {
  model: string;
  contract: string;
  stack: string;
}

async function checkFile(argument: string, options: CheckCommandOptions): Promise<CheckDocument> {
  const file = resolveModel(argument);
  await requireRunnable(file);
  const chosen = await chooseInputs(file, options);
  const folder = temporaryFolder();
  const progress = startProgress(1);
  try {
    progress.at(file.name);
    const only = options.stack === undefined ? undefined : [options.stack];
    const feeds = writeFeeds(chosen.feeds, folder.path);
    const job: ModelJob = { kind: 'check', model: file.path, feeds };
    const { result, stack } = await runOnGpu(job, [file.folder, folder.path], only);
    return {
      model: file.name,
      contract: `${contract.id} ${contract.version}`,
      stack: `${stack.id}: ${stack.title}`,
      ...(result as CheckReport),
    };
  } finally {
    progress.stop();
    folder.remove();
  }
}

function checkText(document: CheckDocument): string {
  const { model, stack, adapter, values, elements, differences, notes } = document;
  const lines = [`${model}: WASM and stack ${stack} (${adapter})`];
  const [first] = differences;
  if (first === undefined) {
    lines.push(`identical: ${values} values, ${elements} elements, bit for bit`);
  } else {
    const { opType, node, output, index, differing, size, wasm, webgpu } = first;
    lines.push(
      `NOT IDENTICAL: ${differences.length} of ${values} values differ`,
      `first: ${opType} '${node}', output '${output}', element ${index}: wasm ${wasm}, webgpu ${webgpu}`,
      `       ${differing} of its ${size} elements differ`,
    );
  }
  lines.push(...notes.map((note) => `note: ${note.message}`));
  return lines.join('\n');
}

/** The command. */
export async function checkCommand(model: string, options: CheckCommandOptions): Promise<ExitCode> {
  const document = await checkFile(model, options);
  printResult(options.json, document, checkText(document));
  return document.identical ? EXIT.good : EXIT.failed;
}
