import { isJsonRecord } from '@selfsup/ssl-train';

const specialNames = ['pad', 'unk', 'cls', 'sep', 'mask'] as const;

/** Whether the entries that the descriptions of encoders and classifiers share are as they should be, by name. */
export function describedEntries(value: Readonly<Record<string, unknown>>): Readonly<Record<string, boolean>> {
  const { specialTokens, maxLength, pooling } = value;
  return {
    config: isJsonRecord(value['config']),
    specialTokens: isJsonRecord(specialTokens) && specialNames.every((name) => typeof specialTokens[name] === 'string'),
    maxLength: Number.isSafeInteger(maxLength) && (maxLength as number) >= 3,
    pooling: pooling === 'mean' || pooling === 'cls',
    training: isJsonRecord(value['training']),
    versions: isJsonRecord(value['versions']),
  };
}
