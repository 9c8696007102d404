// Writes docs/kernels.md: every kernel of TF.js, and whether compile() lowers it.
// Run by `npx tsx --conditions=ssl-source tools/kernel-table.ts` after a change to the lowering table.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { kernelTable } from '../test/support/kernel-table.js';
import { repositoryRoot } from './workspaces.js';

const path = join(repositoryRoot, 'docs/kernels.md');
writeFileSync(path, kernelTable());
console.log(`wrote ${path}`);
