import { readFileSync } from 'node:fs';
import type { FuzzSeed } from './describe-fuzz.js';

/** A file that NumPy or nibabel wrote. */
export function arraySeed(name: string): FuzzSeed {
  return { name, bytes: readFileSync(new URL(`../golden/data/arrays/${name}`, import.meta.url)) };
}
