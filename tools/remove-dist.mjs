// tsc leaves the output of deleted sources behind, and whatever lies in dist is published.
import { rmSync } from 'node:fs';

rmSync('dist', { recursive: true, force: true });
