// What `npm run prepare` does: builds the package, after npm ci and before npm pack. `npx isobit …` in the repository
// itself also ends here, because npm links the package into its cache first; then what is built already stays.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

const built = existsSync(resolve(import.meta.dirname, '../dist/cli.js'));
if (process.env['npm_command'] !== 'exec' || !built) {
  const { status } = spawnSync('npm', ['run', 'build'], { stdio: 'inherit', shell: true });
  process.exit(status ?? 1);
}
