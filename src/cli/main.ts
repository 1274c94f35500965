// The command line `isobit`: arguments in, exit code out. Each command is a function of its own file; here are only
// their options (command_options.ts has those of several) and the rule for errors. Bad usage and bad input end with 2, a failed check with 1.

import { Command, CommanderError, Option } from 'commander';
import { version } from '../../package.json';
import { benchCommand } from './bench.ts';
import { bisectCommand } from './bisect.ts';
import { checkCommand } from './check.ts';
import {
  backend,
  collect,
  gpuStack,
  integer,
  json,
  limit,
  randomSeed,
  stackIds,
  threads,
  withInputs,
} from './command_options.ts';
import { compareCommand } from './compare.ts';
import { conformanceCommand } from './conformance.ts';
import { GUESTS } from './guests.ts';
import { matrixCommand } from './matrix_command.ts';
import { collectCommand } from './farm/collect.ts';
import { EXIT, printError } from './output.ts';
import type { ExitCode } from './output.ts';
import { profileCommand } from './profile.ts';
import { receiptCommand, verifyCommand } from './receipt.ts';
import { runCommand } from './run.ts';
import { STACKS } from './stacks/catalog.ts';
import { stacksCommand } from './stacks_command.ts';
import { traceCommand } from './trace.ts';

const REMOTES_HELP = `
--connect takes ws:// and wss:// for a Playwright server (?browser=firefox chooses one there), http:// and https:// for
a W3C WebDriver endpoint: a driver program, Selenium Grid, a device farm. They need the packages playwright-core and
selenium-webdriver. Each browser is two rows, on WASM and on its GPU if it has one. docs/DEVICES.md has examples.`;

/** The program; a command's exit code goes to `done`. */
function program(done: (code: ExitCode) => void): Command {
  const isobit = new Command('isobit')
    .description('Runs ONNX models with the same output bits on every device.')
    .version(version);

  withInputs(isobit.command('run'))
    .description('run a model once and print the digests of its outputs')
    .argument('<model>', 'an .onnx file, or a folder with model.onnx')
    .addOption(
      new Option('--backend <name>', 'where it runs')
        .choices(['wasm', 'webgpu', 'auto'])
        .default('auto'),
    )
    .addOption(threads())
    .addOption(randomSeed())
    .addOption(gpuStack())
    .addOption(json())
    .action(async (model, options) => done(await runCommand(model, options)));

  withInputs(isobit.command('check'))
    .description('run a model on WASM and WebGPU and compare every node bit by bit')
    .argument('<model>', 'an .onnx file, or a folder with model.onnx')
    .addOption(gpuStack())
    .addOption(json())
    .action(async (model, options) => done(await checkCommand(model, options)));

  withInputs(isobit.command('trace'))
    .description('run a model once and print the digest of every value, and their Merkle root')
    .argument('<model>', 'an .onnx file, or a folder with model.onnx')
    .addOption(backend())
    .addOption(randomSeed())
    .addOption(gpuStack())
    .option('-o, --output <file>', 'write the trace as JSON')
    .option(
      '--bundle <dir>',
      'write it to a folder, with every value: trace.json, tensors/SHA-256.bin',
    )
    .addOption(json())
    .action(async (model, options) => done(await traceCommand(model, options)));

  withInputs(isobit.command('bisect'))
    .description('say where two traces of one run part, and who is right')
    .argument('<a>', 'a file that `isobit trace -o` wrote, or the folder of a bundle')
    .argument('<b>', 'another, of the same model and inputs')
    .requiredOption('--model <model>', 'the model: an .onnx file, or a folder with model.onnx')
    .option('-o, --output <dir>', 'where the node is written to, as a model', 'bisected')
    .addOption(gpuStack())
    .addOption(json())
    .action(async (a, b, options) => done(await bisectCommand(a, b, options)));

  withInputs(isobit.command('compare'))
    .description(
      'compare every value of a model in another runtime with ours, and name the operator',
    )
    .argument('<model>', 'a file or folder; inputs are test_data_set_0 beside it, else random')
    .addOption(
      new Option('--with <runtime>', 'the other runtime, as it is installed')
        .choices(GUESTS)
        .makeOptionMandatory(),
    )
    .option('--guest-model <model>', 'its own file of the model: converted, quantised, edited')
    .option(
      '--guest-optimised',
      'let it optimise the graph, as deployed; then only outputs are compared',
      false,
    )
    .option('--branches', 'put the branches that run in the place of If nodes', false)
    .option('--rtol <x>', 'relative tolerance; 1e-3 if not given', limit)
    .option('--atol <x>', 'absolute tolerance; 1e-5 if not given', limit)
    .option('--ulp <n>', 'or within so many ulps; 1 if not given, the only limit if alone', limit)
    .addOption(
      new Option('--stack <id>', 'where it runs: wasm-node, for WebGPU A, when not given').choices(
        STACKS.map((spec) => spec.id),
      ),
    )
    .option('-o, --output <dir>', 'write the node that is named, as a model with its data')
    .option('--html <file>', 'write the report as one page')
    .addHelpText(
      'after',
      `
Accumulated is what a value differs by in a run of the whole model, introduced what a node gives otherwise by itself,
from our values. An element is within |guest - ours| <= atol + rtol |ours|, or at most so many ulps apart; integers of 8
bits are quantised values, and a step is an ulp; everything else must be equal. ISOBIT_ORT_NODE names the folder of an
onnxruntime-node that lies elsewhere. See docs/COMPARE.md.`,
    )
    .addOption(json())
    .action(async (model, options) => done(await compareCommand(model, options)));

  withInputs(isobit.command('receipt'))
    .description('run a model once and print a receipt: what was computed, from what, by digests')
    .argument('<model>', 'an .onnx file, or a folder with model.onnx')
    .addOption(backend())
    .addOption(randomSeed())
    .addOption(gpuStack())
    .option('--key <file>', 'sign it with this Ed25519 key (PKCS #8, PEM)')
    .option('-o, --output <file>', 'write it to a file')
    .action(async (model, options) => done(await receiptCommand(model, options)));

  withInputs(isobit.command('verify'))
    .description('run a model again and say whether a receipt is true; it fails where it is not')
    .argument('<receipt>', 'a file that `isobit receipt` or a page wrote')
    .argument('<model>', 'an .onnx file, or a folder with model.onnx')
    .addOption(backend())
    .addOption(gpuStack())
    .option(
      '--spot <n>',
      'execute n nodes again, drawn at random, instead of the model',
      integer(1),
    )
    .option('--bundle <dir>', 'of --spot: the folder that `isobit trace --bundle` wrote')
    .option(
      '--spot-seed <n>',
      'of --spot: draw from this, to repeat a check; whoever made the bundle must not have known it',
      integer(0),
    )
    .addOption(json())
    .action(async (receipt, model, options) => done(await verifyCommand(receipt, model, options)));

  withInputs(isobit.command('profile'))
    .description('measure what each step of a run takes')
    .argument('<model>', 'a file or folder; inputs are test_data_set_0 beside it, else random')
    .addOption(backend())
    .addOption(threads())
    .addOption(gpuStack())
    .option('--runs <n>', 'how many runs are measured', integer(1), 20)
    .option('--top <n>', 'how many steps are listed, the slowest first', integer(1), 25)
    .option('--trace <file>', 'write the last run for chrome://tracing or Perfetto')
    .addOption(json())
    .action(async (model, options) => done(await profileCommand(model, options)));

  isobit
    .command('matrix')
    .description(
      'run models on every stack of this machine, and on remote browsers, and compare the digests',
    )
    .argument(
      '<models...>',
      'files or folders; inputs are test_data_set_0 beside them, else random',
    )
    .option('--inputs <dir>', 'a folder with input_0.pb …, for one model')
    .option('--input <name=file>', 'one input, for one model; repeatable', collect, [])
    .option('--seed <n>', 'seed of random inputs', integer(0), 0)
    .option(
      '--stacks <ids>',
      'only these of this machine, comma-separated; none is the reference alone',
      stackIds,
    )
    .option('--timeout <s>', 'limit of one run in seconds', integer(1), 600)
    .option('--require-all', 'a stack or a GPU that is not there is a failure', false)
    .option('--report <dir>', 'write a device report of each stack and browser that starts')
    .option('--bundle <dir>', 'run nothing: write a page that runs all of it wherever it is opened')
    .option('--connect <url>', 'a remote browser too, see below; repeatable', collect, [])
    .option(
      '--capabilities <file>',
      'JSON of a WebDriver session, or a list: a browser for each; repeatable',
      collect,
      [],
    )
    .option(
      '--listen <host:port>',
      'where remote browsers reach this machine; loopback if not given',
    )
    .option('--public-url <url>', 'under which address they reach it, where that is another')
    .option('--parallel <n>', 'how many remote browsers at a time', integer(1), 4)
    .option('--retries <n>', 'repetitions where a remote browser fails or is lost', integer(0), 1)
    .addOption(json())
    .addHelpText('after', REMOTES_HELP)
    .action(async (models, options) => done(await matrixCommand(models, options)));

  isobit
    .command('collect')
    .description('receive the device reports that pages of `isobit matrix --bundle` post')
    .argument('<folder>', 'where they are written, a file each; none is ever replaced')
    .option('--serve <dir>', 'serve a bundle too: its page posts to here')
    .option('--listen <host:port>', 'where devices reach this machine; loopback if not given')
    .option('--public-url <url>', 'under which address they reach it, where that is another')
    .option('--count <n>', 'end after so many reports; never if not given', integer(1))
    .addOption(json())
    .action(async (folder, options) => done(await collectCommand(folder, options)));

  isobit
    .command('conformance')
    .description('run the cases of ONNX’s backend tests that lie below folders')
    .argument('<folders...>', 'trees of folders with model.onnx and test_data_set_0 …')
    .addOption(backend())
    .addOption(gpuStack())
    .option('--filter <text>', 'only the cases whose path holds this')
    .addHelpText(
      'after',
      `
Floats agree within the tolerance of a meta.json beside the model, else |got - want| <= 1e-7 + 1e-3 |want|, all
others exactly. A case is skipped where ONNX leaves the values open, since they are drawn by chance; their shapes
and types are compared all the same.`,
    )
    .addOption(json())
    .action(async (folders, options) => done(await conformanceCommand(folders, options)));

  isobit
    .command('bench')
    .description('measure models, alternating with onnxruntime-web')
    .argument(
      '<models...>',
      'files or folders; inputs are test_data_set_0 beside them, else random',
    )
    .addOption(
      new Option('--against <library>', 'what to compare with').choices(['onnxruntime-web']),
    )
    .addOption(
      new Option('--backend <name>', 'what to measure').choices(['wasm', 'webgpu']).default('wasm'),
    )
    .option('--audit', 'measure runs on WebGPU with and without their audit', false)
    .option('--load', 'measure loading and the first run instead of later ones', false)
    .option('--ops', 'measure the nodes of the models, each by itself; a row an operator', false)
    .option('--threads <n>', 'WASM threads, of both sides', integer(1), 1)
    .addOption(
      new Option('--stack <id>', 'where: wasm-node for wasm, A for webgpu when not given').choices(
        STACKS.map((spec) => spec.id),
      ),
    )
    .option('--seconds <n>', 'time for the runs of one model', integer(1), 10)
    .option('--seed <n>', 'seed of random inputs', integer(0), 0)
    .addOption(json())
    .action(async (models, options) => done(await benchCommand(models, options)));

  isobit
    .command('stacks')
    .description(
      'list the JavaScript engines and WebGPU implementations of this machine, with the device gate’s verdict on each GPU',
    )
    .addHelpText(
      'after',
      `
The verdict is that of the library's probe(): full, the GPU computes as the kernels need it; reduced, its floats do
not, and kernels compute in integers there, with the same bits; refused, WebGPU is not used on it; failed, the gate
came to no end; -, the stack is not here. --json lists what the gate found.

ISOBIT_CHROMIUM, ISOBIT_FIREFOX, ISOBIT_DENO and ISOBIT_BUN name programs that lie elsewhere,
ISOBIT_SWIFTSHADER the file vk_swiftshader_icd.json.`,
    )
    .option('--require-all', 'a stack that is not installed is a failure', false)
    .addOption(json())
    .action(async (options) => done(await stacksCommand(options)));

  return isobit;
}

/**
 * Runs the command line.
 *
 * @param args The arguments after the program's name.
 * @returns The exit code: 0 good, 1 a check failed, 2 bad usage or input.
 */
export async function main(args: string[]): Promise<ExitCode> {
  let code: ExitCode = EXIT.good;
  const commands = program((result) => (code = result));
  for (const command of [commands, ...commands.commands]) {
    command.exitOverride().showHelpAfterError('Try --help.');
    command.configureOutput({ writeErr: (text) => process.stderr.write(text) });
  }
  try {
    await commands.parseAsync(args, { from: 'user' });
    return code;
  } catch (e) {
    const asJson = args.includes('--json');
    // Commander has printed its own errors already, and help is none.
    if (e instanceof CommanderError) {
      if (e.exitCode === 0) return EXIT.good;
      if (asJson)
        process.stdout.write(
          JSON.stringify({ error: { name: 'UsageError', message: e.message } }, null, 2) + '\n',
        );
      return EXIT.usage;
    }
    printError(asJson, e);
    return EXIT.usage;
  }
}
