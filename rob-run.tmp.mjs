import { pathToFileURL } from 'node:url';
const [only, ...files] = process.argv.slice(2);
for (const f of files) await import(pathToFileURL(f).href);
const { runAll } = await import('vitest');
await runAll(only === '-' ? undefined : only);
