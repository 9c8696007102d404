import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where texts, vocabularies and models are kept once they are made. */
export const textsFolder = fileURLToPath(new URL('../.texts', import.meta.url));

/** The records of a file in {@link textsFolder}, or those that `make` gives, which are kept. */
export async function keptRecords<T>(name: string, make: () => Promise<readonly T[]>): Promise<readonly T[]> {
  const path = join(textsFolder, `${name}.jsonl`);
  const there = await readFile(path, 'utf8').catch(() => undefined);
  if (there !== undefined)
    return there
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as T);
  const made = await make();
  await mkdir(textsFolder, { recursive: true });
  await writeFile(`${path}.part`, made.map((record) => `${JSON.stringify(record)}\n`).join(''));
  await rename(`${path}.part`, path);
  return made;
}
