// Writes the table that chooseMethod goes by, from bench/results/methods.json: `npm run measured`, after `npm run bench:methods`.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { measuredFile } from '../test/support/measured-methods.js';
import { repositoryRoot } from './workspaces.js';

const rows = JSON.parse(readFileSync(join(repositoryRoot, 'bench/results/methods.json'), 'utf8')) as object[];
const path = join(repositoryRoot, 'packages/ssl-vision/src/pretrain/chooser/measured.ts');
writeFileSync(path, measuredFile(rows));
console.log(`wrote ${path}`);
