// What a run says beside its values: notes, the profile of its steps, and what gates of pipelines took, collected over stages,
// operators of the host and the graphs that nodes carry. Promises: notes of the same kind and text are one note; steps are
// in the order in which they began. Not here: the words of a note (notes.ts).
import type { GateCost, StepTime } from './backends/backend.ts';
import { nodeTitle, type Node } from './graph/graph.ts';
import type { ProgramResult } from './machine.ts';
import type { Note, ProfileStep } from './run_types.ts';

export class RunLog {
  readonly notes: Note[] = [];
  readonly #profile: ProfileStep[] = [];
  #gate: GateCost | undefined;

  /** Steps until now. */
  get steps(): number {
    return this.#profile.length;
  }

  /** Its part of a result. */
  get result(): Pick<ProgramResult, 'notes' | 'profile' | 'gate'> {
    const gate = this.#gate;
    return {
      notes: this.notes,
      profile: this.#profile.sort((a, b) => a.begin - b.begin),
      ...(gate === undefined ? {} : { gate }),
    };
  }

  addNotes(notes: readonly Note[]): void {
    for (const note of notes) {
      const isKnown = this.notes.some(
        (one) => one.kind === note.kind && one.message === note.message && note.audit === undefined,
      );
      if (!isKnown) this.notes.push(note);
    }
  }

  /** @param nodes of the graph that was planned */
  addSteps(steps: readonly StepTime[], nodes: readonly Node[]): void {
    for (const { kernel, nodes: indices, backend, begin, milliseconds } of steps) {
      const labels = indices.flatMap((i) => nodes[i] ?? []).map(nodeTitle);
      this.#profile.push({ kernel, nodes: labels, where: backend, begin, milliseconds, nested: 0 });
    }
  }

  /** @param inner how many steps there were when it began: later ones are its graphs' */
  addHostStep(node: Node, begin: number, inner: number): void {
    const nested = this.#profile
      .slice(inner)
      .reduce((sum, step) => sum + step.milliseconds - step.nested, 0);
    const milliseconds = performance.now() - begin;
    const nodes = [nodeTitle(node)];
    this.#profile.push({ kernel: 'host', nodes, where: 'host', begin, milliseconds, nested });
  }

  addGate(gate: GateCost | undefined): void {
    if (gate === undefined) return;
    const { pipelines, skipped, milliseconds } = this.#gate ?? {
      ...{ pipelines: 0, skipped: 0, milliseconds: 0 },
    };
    this.#gate = {
      pipelines: pipelines + gate.pipelines,
      skipped: skipped + gate.skipped,
      milliseconds: milliseconds + gate.milliseconds,
    };
  }

  /** A graph that a node carries was executed. */
  addBody({ notes, gate, profile }: ProgramResult): void {
    this.addNotes(notes);
    this.addGate(gate);
    this.#profile.push(...profile);
  }
}
