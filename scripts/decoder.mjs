// `node scripts/decoder.mjs f32|q4 FOLDER [LAYERS]`: see scripts/decoder_model.ts.
import { runnerImport } from 'vite';

const { module } = await runnerImport('./scripts/decoder_model.ts');
process.exitCode = module.main(process.argv.slice(2));
