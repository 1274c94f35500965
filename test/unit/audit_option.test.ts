// The option `audit` on its way: what is refused, that a model in a worker passes it on and gives the notes back whole,
// and that the version in a report is the package's.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { version } from '../../src/core/version.ts';
import { Tensor, type AuditEvent, type Note, type RunOptions } from '../../src/index.ts';
import { Session } from '../../src/session.ts';
import type { Answers, FromWorker, Request, ToWorker } from '../../src/worker/protocol.ts';
import { loadInWorker } from '../../src/worker/remote.ts';
import { f32, graphOf } from '../harness/graphs.ts';

test('the version is that of package.json', () => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  expect(version).toBe((JSON.parse(text) as { version: string }).version);
});

test('what is neither off nor a number of rows is refused, and the next run works', async () => {
  const graph = graphOf([{ op: 'Relu', inputs: ['x'], outputs: ['y'] }], [f32('x', 2)], ['y']);
  const session = await Session.create(graph);
  const x = new Tensor('float32', [-1, 2], [2]);
  for (const audit of [0, -1, 1.5, Number.NaN, Infinity, 'on', null]) {
    const options = { backend: 'wasm', audit } as RunOptions;
    await expect(session.run({ x }, options)).rejects.toThrow(
      /^run: audit: expected 'off' or a number of rows, at least 1, got /,
    );
  }
  for (const audit of [undefined, 'off', 1, 1000] as const) {
    const { notes, outputs } = await session.run({ x }, { backend: 'wasm', audit });
    expect(notes).toEqual([]);
    expect(outputs['y']?.data).toEqual(Float32Array.of(0, 2));
  }
  session.dispose();
});

test('a worker gets the option, and the page its notes', async () => {
  const event: AuditEvent = {
    version,
    contract: 'isobit 1',
    adapter: 'a card',
    adapterInfo: { vendor: 'a', architecture: 'b', device: 'c', description: 'd' },
    userAgent: 'a browser',
    kernel: 'softmax',
    seen: 'run',
    rung: 'full',
    next: 'soft',
    constants: { WORKGROUP_SIZE: 64 },
    nodes: ["Softmax 's'"],
    unit: 3,
    output: 0,
    name: 's',
    index: 96,
    expected: '0x3f800000',
    got: '0x3f800001',
    differing: 2,
  };
  const note: Note = { kind: 'audit', message: 'text', nodes: event.nodes, audit: event };
  const gate = { pipelines: 3, skipped: 1, milliseconds: 12 };
  const seen: Request[] = [];
  // The far side of a worker: messages are cloned as a real one clones them.
  const worker = {
    onmessage: (() => undefined) as (event: MessageEvent<FromWorker>) => void,
    postMessage(message: ToWorker): void {
      if ('abort' in message) return;
      const { id, request } = structuredClone(message);
      seen.push(request);
      const answer: Answers['load'] | Answers['run'] =
        request.kind === 'load'
          ? { inputs: [], outputs: [] }
          : { values: {}, backend: 'webgpu', adapter: 'a card', notes: [note], gate };
      const data = structuredClone<FromWorker>({ id, answer });
      queueMicrotask(() => worker.onmessage({ data } as MessageEvent<FromWorker>));
    },
    terminate: (): void => undefined,
  };
  const model = await loadInWorker(
    { bytes: new Uint8Array(1), base: undefined },
    worker as unknown as Worker,
    {},
  );
  const { notes, gate: cost } = await model.run({}, { backend: 'webgpu', audit: 7 });
  expect(cost).toEqual(gate);
  await model.run({}, { backend: 'webgpu', audit: 'off' });
  await model.run({}, {});
  expect(notes).toEqual([note]);
  const audits = seen.flatMap((one) => (one.kind === 'run' ? [one.options.audit] : []));
  expect(audits).toEqual([7, 'off', undefined]);
  model.dispose();
});
