// Prints 'PASSED FAILED SKIPPED' of vitest JSON reports. A file that could not even be collected counts as one failure.
import { existsSync, readFileSync } from 'node:fs';

let passed = 0;
let failed = 0;
let skipped = 0;
for (const path of process.argv.slice(2)) {
  if (!existsSync(path)) continue;
  for (const { status, assertionResults } of JSON.parse(readFileSync(path, 'utf8')).testResults) {
    const count = (wanted) => assertionResults.filter((test) => test.status === wanted).length;
    passed += count('passed');
    failed += count('failed');
    skipped += assertionResults.length - count('passed') - count('failed');
    if (status === 'failed' && count('failed') === 0) failed += 1;
  }
}
console.log(`${passed} ${failed} ${skipped}`);
