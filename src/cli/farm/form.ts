// What a bundle for device farms holds beside its page: which models, on which inputs, and what they must give. Written by
// bundle.ts, read by the page (demo/farm) and by `isobit collect`. Whether its models are there, whoever fetches them finds.

import type { FeedFile } from '../../jobs/job.ts';

/** The name of the document, beside the page. */
export const BUNDLE_FILE = 'bundle.json';

export interface BundleModel {
  /** As in the matrix; no two have the same. */
  name: string;
  /** The model's file, relative to the page, with slashes; the files of its weights lie beside it. */
  file: string;
  /** Its inputs; paths are relative to the page. */
  feeds: FeedFile[];
  /** The digest that the reference gave where the bundle was made. */
  digest: string;
}

export interface BundleDocument {
  format: 'isobit-bundle/1';
  /** The contract of the digests, `isobit 1`. */
  contract: string;
  models: BundleModel[];
}

/** @throws TypeError for what is no document of a bundle, or of another form */
export function bundleOf(document: unknown): BundleDocument {
  const { format } = (document ?? {}) as { format?: unknown };
  if (format === 'isobit-bundle/1') return document as BundleDocument;
  throw new TypeError(
    `${BUNDLE_FILE}: expected isobit-bundle/1, got ${String(format)}. Write it again.`,
  );
}
