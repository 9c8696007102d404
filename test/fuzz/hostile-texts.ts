/** What expressions and searches are slow on, and characters at which texts break. */
export const hostileTexts: readonly string[] = [
  `${'a'.repeat(20_000)}!`,
  `${' '.repeat(20_000)}x`,
  `${'\n '.repeat(10_000)}x`,
  'a '.repeat(5000),
  `${"'".repeat(3000)}${'1'.repeat(3000)}${'.'.repeat(3000)}`,
  '[MASK][SEP]<x>'.repeat(500),
  '\ud83e\u0301\u0000\ufeff\u{20000}ΟΔΟΣ e\u0301\u0327',
];
