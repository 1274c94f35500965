// Runs `main(args)` of a TypeScript file with the library's sources, shaders and core in reach, without a build; unlike
// vite's runnerImport the loader stays open while it runs, since the library imports its core when it needs it.
import { createServer } from 'vite';

/** @param {string} path From the root. @param {string[]} args @returns {Promise<number>} What main returns. */
export async function runSource(path, args) {
  const server = await createServer({
    root: new URL('..', import.meta.url).pathname,
    appType: 'custom',
    logLevel: 'warn',
    optimizeDeps: { noDiscovery: true },
    server: { middlewareMode: true, ws: false, watch: null },
  });
  try {
    const { main } = await server.ssrLoadModule(path);
    return await main(args);
  } finally {
    await server.close();
  }
}
