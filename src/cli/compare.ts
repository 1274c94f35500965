// `isobit compare MODEL --with GUEST`: which operator of another runtime is wrong. Every value of the model in the guest
// beside the reference's, and every node of the guest by itself, fed with the reference's values. Fails where a value or a
// node is beyond the tolerance. Not here: how far is too far (src/jobs/distance.ts), measuring (compare_run.ts), texts.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Graph } from '../graph/graph.ts';
import { sortTopologically } from '../graph/sort.ts';
import type { CompareTolerance } from '../jobs/distance.ts';
import type { FeedFile } from '../jobs/job.ts';
import { writeModel } from '../onnx/writer.ts';
import { decideBranches, withDecisions } from './branches.ts';
import { comparePage } from './compare_page.ts';
import { reportOf } from './compare_report.ts';
import type { CompareDocument } from './compare_report.ts';
import { feedsOfGuest, measureAccumulated, measureIntroduced } from './compare_run.ts';
import type { Comparison, Introduced } from './compare_run.ts';
import { compareText } from './compare_text.ts';
import { chooseInputs } from './feed_files.ts';
import { findGuest, openGuest } from './guests.ts';
import type { GuestName } from './guests.ts';
import { requireRunnable } from './here.ts';
import { resolveModel, temporaryFolder, writeFeeds } from './model_files.ts';
import type { ModelFile } from './model_files.ts';
import { readWhole, writeTestFolder } from './node_files.ts';
import { EXIT, printResult, UsageError } from './output.ts';
import type { ExitCode } from './output.ts';
import { startProgress } from './progress.ts';
import { ReferenceValues } from './reference_values.ts';
import type { InputOptions } from './run.ts';

export interface CompareOptions extends InputOptions {
  with: GuestName;
  /** The guest's own file of the model. */
  guestModel?: string;
  /** Let the guest optimise; then only outputs are compared. */
  guestOptimised: boolean;
  /** Put the branches that run in the place of If nodes, on both sides. */
  branches: boolean;
  rtol?: number;
  atol?: number;
  ulp?: number;
  /** The id of a stack for the guest. */
  stack?: string;
  /** A folder for the node that is named. */
  output?: string;
  /** A file for the report as a page. */
  html?: string;
  json: boolean;
}

/** Where --ulp alone is given it is the whole tolerance. */
export function toleranceOf({ rtol, atol, ulp }: Partial<CompareTolerance>): CompareTolerance {
  const isUlpAlone = ulp !== undefined && rtol === undefined && atol === undefined;
  const [r, a] = isUlpAlone ? [0, 0] : [1e-3, 1e-5];
  return { rtol: rtol ?? r, atol: atol ?? a, ulp: ulp ?? 1 };
}

/** The node to write: the first that introduces too much, else the first beyond, else the worst. */
function writeNamed(
  { first, ranking }: Pick<CompareDocument, 'first' | 'ranking'>,
  { graph, ours }: Comparison,
  introduced: readonly Introduced[],
  folder: string,
): CompareDocument['written'] {
  const index = first.introduced ?? first.accumulated ?? ranking[0];
  if (index === undefined) return undefined;
  const model = introduced.find(({ node }) => node.index === index)?.segment.model;
  if (model === undefined) {
    const label = graph.nodes[index]?.opType ?? '';
    throw new UsageError(
      `--output: node ${index}, ${label}, cannot be written by itself. Leave --output out; the report says why.`,
    );
  }
  const tensorOf = (name: string) => {
    const tensor = ours.tensor(name);
    if (tensor !== undefined) return tensor;
    throw new Error(`compare: '${name}' has no value.`);
  };
  writeTestFolder(model, tensorOf, folder);
  return { folder, node: index };
}

/** Both sides' models. */
interface Files {
  file: ModelFile;
  graph: Graph;
  guestFile: ModelFile;
  theirs: Graph;
}

/** Both sides with the branches that the reference takes in place, as files of their own. */
async function withBranches(files: Files, feeds: FeedFile[], folder: string): Promise<Files> {
  const { graph, decisions } = await decideBranches(files.graph, feeds, folder);
  const isSame = files.theirs === files.graph;
  const theirs = isSame ? graph : withDecisions(files.theirs, decisions);
  const write = (name: string, model: Graph): string => {
    const path = join(folder, name);
    writeFileSync(path, writeModel(model));
    return path;
  };
  return {
    ...{ graph, theirs, file: { ...files.file, path: write('inlined.onnx', graph) } },
    guestFile: { ...files.guestFile, path: write('guest_inlined.onnx', theirs) },
  };
}

/**
 * Compares a model in a guest with the reference.
 *
 * @throws UsageError where the guest or its inputs are not there; Error named as what is wrong with a model
 */
export async function compare(argument: string, options: CompareOptions): Promise<CompareDocument> {
  const found = findGuest(options.with, options.stack);
  const file = resolveModel(argument);
  const guestFile = options.guestModel === undefined ? file : resolveModel(options.guestModel);
  if (options.guestOptimised && options.output !== undefined) {
    throw new UsageError('--output: expected no --guest-optimised: no node is measured with it.');
  }
  await requireRunnable(file);
  const { feeds: data } = await chooseInputs(file, { beside: true, ...options });
  const folder = temporaryFolder();
  const feeds = writeFeeds(data, folder.path);
  const own = sortTopologically(readWhole(file.path));
  const files: Files = {
    ...{ file, graph: own, guestFile },
    theirs: guestFile === file ? own : sortTopologically(readWhole(guestFile.path)),
  };
  const inPlace = options.branches ? await withBranches(files, feeds, folder.path) : files;
  const { graph, theirs } = inPlace;
  feedsOfGuest(theirs, feeds);
  const ours = await ReferenceValues.of(inPlace.file, graph, feeds, folder.path);
  const guest = await openGuest(found, [folder.path, file.folder, guestFile.folder]);
  const alone = options.guestOptimised ? 0 : graph.nodes.length;
  const progress = startProgress(ours.groups().length + alone);
  try {
    const tolerance = toleranceOf(options);
    const comparison: Comparison = {
      ...{ graph, ours, feeds, data, guest, file: inPlace.guestFile, theirs, tolerance },
      ...{ folder: folder.path, progress },
    };
    const accumulated = await measureAccumulated(comparison, options.guestOptimised);
    const { nodes: introduced, leftOut: leftOutNodes } = options.guestOptimised
      ? { nodes: [], leftOut: [] }
      : await measureIntroduced(comparison);
    const report = reportOf({ graph, accumulated, introduced, leftOutNodes });
    if (report.compared.values === 0) {
      throw new UsageError(
        `--guest-model: ${guestFile.path}: no value has a name of the model's: nothing can be compared.`,
      );
    }
    const { output } = options;
    const written =
      output === undefined ? undefined : writeNamed(report, comparison, introduced, output);
    const { version, dispatches } = accumulated;
    return {
      model: file.name,
      guest: {
        ...{ name: options.with, version, stack: guest.stack, adapter: guest.adapter },
        ...(options.guestModel === undefined ? {} : { model: options.guestModel }),
        ...{ optimised: options.guestOptimised, dispatches },
      },
      tolerance,
      ...report,
      ...(written === undefined ? {} : { written }),
    };
  } finally {
    progress.stop();
    await guest.close();
    folder.remove();
  }
}

/** The command. */
export async function compareCommand(model: string, options: CompareOptions): Promise<ExitCode> {
  const document = await compare(model, options);
  if (options.html !== undefined) writeFileSync(options.html, comparePage(document));
  printResult(options.json, document, compareText(document));
  return document.within ? EXIT.good : EXIT.failed;
}
