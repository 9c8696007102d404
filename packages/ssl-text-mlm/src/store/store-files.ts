/** Files in the folder of a token store. */
export const storeFiles = {
  tokens: 'tokens.bin',
  ends: 'ends.bin',
  header: 'store.json',
  /** There while the store is built. */
  journal: 'building.json',
} as const;
