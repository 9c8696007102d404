import { createHash } from 'node:crypto';
import { writeWhole } from '@selfsup/ssl-core/files';

/** Writes a value as a JSON file, whole or not at all. The folder has to be there: one that was deleted stays so. */
export async function writeJson(file: string, value: unknown): Promise<void> {
  await writeWhole(file, `${JSON.stringify(value, null, 2)}\n`);
}

/** As {@link writeJson}, an object that is read back: with its checksum, by which a reader sees damage. */
export async function writeSealedJson(file: string, value: object): Promise<void> {
  await writeJson(file, { ...value, [sealKey]: sealOf(value) });
}

/** Key of the checksum. */
export const sealKey = 'sha256';

/** Checksum of an object's JSON without its seal. */
export function sealOf(value: object): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
