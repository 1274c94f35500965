// A stack that is a process: Node, Deno or Bun running host.mjs, spoken to in JSON lines. It promises that the death
// of the process, whatever the cause, ends every open request with an error that carries the end of its stderr, and
// that the process dies with its parent. Time limits are runner.ts.

import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import type { Start } from './catalog.ts';
import {
  ARM_LIBRARIES,
  findArmNode,
  findBun,
  findDeno,
  findPackage,
  findQemuArm,
} from './locate.ts';
import type { Connection, HostReply, OpenReport } from './types.ts';

const MARK = '\u001eisobit ';
/** Of stderr, this many characters are kept for error texts. */
const STDERR_KEPT = 4000;

type ProcessStart = Extract<Start, { kind: 'process' }>;

function command(start: ProcessStart, hostScript: string): [string, string[]] {
  if (start.program === 'deno') {
    const deno = findDeno() ?? 'deno';
    return [deno, ['run', '-A', '--no-prompt', '--unstable-webgpu', hostScript]];
  }
  if (start.program === 'bun') return [findBun() ?? 'bun', ['run', hostScript]];
  if (start.program === 'node-arm') {
    const emulator = findQemuArm() ?? 'qemu-aarch64';
    return [emulator, ['-L', ARM_LIBRARIES, findArmNode() ?? 'node', hostScript]];
  }
  return [process.execPath, [hostScript]];
}

function environment(start: ProcessStart): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' };
  // EGL and Vulkan loaders want a folder of their own; any that exists will do.
  env['XDG_RUNTIME_DIR'] ??= tmpdir();
  // This process may carry options for its own Node (a debugger, a loader); the host is another program.
  delete env['NODE_OPTIONS'];
  for (const [name, value] of Object.entries(start.env?.() ?? {})) {
    if (value === undefined) delete env[name];
    else env[name] = value;
  }
  return env;
}

/** Starts the process; the caller then sends `open`. */
export function connectProcess(
  start: ProcessStart,
  hostScript: string,
  log: (line: string) => void,
): Connection {
  const [program, args] = command(start, hostScript);
  const child = spawn(program, args, { env: environment(start), stdio: 'pipe' });
  const killWithParent = () => child.kill('SIGKILL');
  process.once('exit', killWithParent);

  let stderr = '';
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_KEPT);
  });

  const waiting = new Map<number, (reply: HostReply) => void>();
  let died: string | undefined;
  const die = (why: string): void => {
    died ??= why;
    process.removeListener('exit', killWithParent);
    const text = stderr.trim() === '' ? died : `${died}\n${stderr.trim()}`;
    for (const reply of waiting.values()) reply({ error: { name: 'StackError', message: text } });
    waiting.clear();
  };
  child.on('error', (e) => die(`${program}: does not start: ${e.message}.`));
  // 'close' comes after the last of stderr, 'exit' may come before it.
  const closed = new Promise<void>((done) => {
    child.on('close', (code, signal) => {
      die(`${start.program}: the process ended: ${signal ?? `exit code ${String(code)}`}.`);
      done();
    });
    child.on('error', () => done());
  });
  // A write to a process that has just died fails; 'close' reports the death itself.
  child.stdin.on('error', () => undefined);

  createInterface({ input: child.stdout }).on('line', (line) => {
    const at = line.indexOf(MARK);
    if (at < 0) return;
    const message = JSON.parse(line.slice(at + MARK.length)) as HostReply & {
      id?: number;
      log?: string;
    };
    if (message.log !== undefined) return log(message.log);
    if (message.id === undefined) return;
    const reply = waiting.get(message.id);
    waiting.delete(message.id);
    reply?.(message);
  });

  let lastId = 0;
  const ask = (request: object): Promise<HostReply> =>
    new Promise((reply) => {
      if (died !== undefined) return reply({ error: { name: 'StackError', message: died } });
      lastId += 1;
      waiting.set(lastId, reply);
      child.stdin.write(JSON.stringify({ ...request, id: lastId }) + '\n');
    });

  return {
    open: async () => {
      const { gpu, dawnFlags = [], featureLevel } = start;
      const dawnModule = gpu === 'dawn' ? findPackage('webgpu') : undefined;
      return (await ask({ open: { gpu, dawnFlags, dawnModule, featureLevel } })) as OpenReport;
    },
    run: (bundle, job) => ask({ bundle, job }),
    alive: () => died === undefined,
    stop: async () => {
      child.stdin.end();
      const patience = setTimeout(() => child.kill('SIGKILL'), 2000);
      await closed;
      clearTimeout(patience);
    },
    kill: async () => {
      child.kill('SIGKILL');
      await closed;
    },
  };
}
