// The demo, the library and the package in real browsers: stock Chromium with SwiftShader (stack A) and stock Firefox
// with lavapipe (stack B), both of the system; Playwright downloads none.
// @playwright/test is pinned to 1.60.0: it drives stock Firefox over WebDriver BiDi, and later ones (1.65.1 was tried)
// send `emulation.setMediaFeaturesOverride`, which Firefox ESR 153 does not know, so that no page opens.
import { tmpdir } from 'node:os';
import { defineConfig, type ReporterDescription } from '@playwright/test';
import { findChromium, findFirefox, findLavapipe } from './src/cli/stacks/locate.ts';

const PORT = 4319;

function browser(name: string, find: () => string | undefined, packageName: string): string {
  const path = find();
  if (path === undefined) {
    throw new Error(`${name} is not installed. Install it: apt-get install ${packageName}`);
  }
  return path;
}

const environment: Record<string, string> = {};
for (const [name, value] of Object.entries(process.env)) {
  if (value !== undefined) environment[name] = value;
}
environment['XDG_RUNTIME_DIR'] ??= tmpdir();

const reporter: ReporterDescription[] = [['list']];
// Set by scripts/test.mjs, which counts the tests of all runners.
if (process.env['PLAYWRIGHT_JSON_OUTPUT_NAME'] !== undefined) reporter.push(['json']);

export default defineConfig({
  testDir: 'test/e2e',
  outputDir: 'build/e2e',
  reporter,
  // Two browsers with software GPUs at once would only wait for each other.
  workers: 1,
  timeout: 120_000,
  expect: { timeout: 30_000 },
  forbidOnly: process.env['CI'] !== undefined,
  use: { baseURL: `http://localhost:${PORT}/`, viewport: { width: 1280, height: 900 } },
  webServer: {
    command: `vite build -c vite.demo.config.ts --logLevel warn && vite preview -c vite.demo.config.ts --port ${PORT} --strictPort`,
    url: `http://localhost:${PORT}/`,
    timeout: 120_000,
  },
  projects: [
    {
      name: 'chromium',
      use: {
        browserName: 'chromium',
        launchOptions: {
          executablePath: browser('Chromium', findChromium, 'chromium'),
          args: [
            '--headless=new',
            '--no-sandbox',
            '--enable-unsafe-webgpu',
            '--use-webgpu-adapter=swiftshader',
            '--disable-background-networking',
            '--no-first-run',
          ],
          env: environment,
        },
      },
    },
    {
      name: 'firefox',
      use: {
        browserName: 'firefox',
        channel: 'moz-firefox',
        // Firefox's own protocol lacks the commands behind these four settings.
        colorScheme: null,
        contextOptions: { reducedMotion: null, forcedColors: null, contrast: null },
        launchOptions: {
          executablePath: browser('Firefox', findFirefox, 'firefox-esr'),
          firefoxUserPrefs: {
            'dom.webgpu.enabled': true,
            'gfx.webgpu.ignore-blocklist': true,
            'dom.max_script_run_time': 0,
          },
          env: { ...environment, VK_ICD_FILENAMES: findLavapipe() ?? '' },
        },
      },
    },
  ],
});
