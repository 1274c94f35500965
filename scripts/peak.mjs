// `node scripts/peak.mjs [--size N] [--seconds N] [--json]`: see scripts/peak.ts. It runs the sources, without a build; the
// loader stays open meanwhile, unlike that of vite's runnerImport, since the library imports its core when it needs it.
import { createServer } from 'vite';

const server = await createServer({
  root: `${import.meta.dirname}/..`,
  appType: 'custom',
  logLevel: 'warn',
  optimizeDeps: { noDiscovery: true },
  server: { middlewareMode: true, ws: false, watch: null },
});
try {
  const { main } = await server.ssrLoadModule('/scripts/peak.ts');
  process.exitCode = await main(process.argv.slice(2));
} finally {
  await server.close();
}
