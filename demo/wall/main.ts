// The wall's page: the repository's reports, the one in the address where there is one, and the visitor's own once it is
// measured, as rows of one table.
import { contract, type DeviceReport } from '../../src/index.ts';
import { byId, element, setText, setVerdict } from '../elements.ts';
import { readReportFragment } from './link.ts';
import { offerMeasuring } from './own.ts';
import { committedReports, EXPECTED } from './reports.ts';
import { rowOf, summaryOf } from './rows.ts';
import { tableOf, type Tag, type TaggedRow } from './table.ts';

const verdict = byId('verdict', HTMLElement);
const refusals = byId('refusals', HTMLElement);

class Wall {
  #committed: readonly DeviceReport[] = [];
  #refused: readonly string[] = [];
  /** At most one of each kind. */
  readonly #guests = new Map<Tag, DeviceReport>();
  #badLink: string | undefined;

  async start(): Promise<void> {
    const { reports, refused } = committedReports();
    this.#committed = reports;
    this.#refused = refused;
    window.addEventListener('hashchange', () => void this.#readAddress());
    await this.#readAddress();
  }

  measured(report: DeviceReport): void {
    this.#guests.set('this device', report);
    this.#show();
  }

  async #readAddress(): Promise<void> {
    this.#badLink = undefined;
    this.#guests.delete('from the link');
    try {
      const report = await readReportFragment(location.hash);
      if (report !== undefined) this.#guests.set('from the link', report);
    } catch (error) {
      this.#badLink = error instanceof Error ? error.message : String(error);
    }
    this.#show();
  }

  #show(): void {
    const rows: TaggedRow[] = this.#committed.map((report) => rowOf(report, EXPECTED));
    for (const [tag, report] of this.#guests) rows.push({ ...rowOf(report, EXPECTED), tag });
    const { state, text } = summaryOf(rows);
    setVerdict(verdict, state, text);
    const wrong = [...(this.#badLink === undefined ? [] : [this.#badLink]), ...this.#refused];
    refusals.hidden = wrong.length === 0;
    refusals.replaceChildren(...wrong.map((one) => element('li', '', `not shown: ${one}`)));
    byId('table', HTMLElement).replaceChildren(tableOf(rows));
  }
}

setText(byId('contract', HTMLElement), `contract ${contract.id} ${contract.version}`);
setText(byId('expected', HTMLElement), EXPECTED.digest);
const wall = new Wall();
offerMeasuring((report) => wall.measured(report));
wall.start().catch((error: unknown) => {
  setVerdict(verdict, 'differs', error instanceof Error ? error.message : String(error));
});
