// Every operator of the host at once, for tables and tests. The library loads them by parts (src/registry.ts): a family
// stands in one of parts/.
import type { HostOp } from '../core/host_op.ts';
import { operators as control } from './parts/control.ts';
import { operators as images } from './parts/images.ts';
import { operators as texts } from './parts/texts.ts';
import { operators as trees } from './parts/trees.ts';

export const hostOperators: readonly HostOp[] = [control, images, texts, trees].flat();
