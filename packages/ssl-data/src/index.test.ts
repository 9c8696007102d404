import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const source = fileURLToPath(new URL('.', import.meta.url));

describe('the package', () => {
  it('imports nothing of the tensor engine, so that workers stay light', () => {
    const reached = new Set<string>();
    const packages = new Set<string>();
    const visit = (file: string): void => {
      if (reached.has(file)) return;
      reached.add(file);
      const code = readFileSync(join(source, file), 'utf8');
      for (const [, name] of code.matchAll(/(?:from|import\()\s*'([^'$]+)'/g))
        if (name!.startsWith('.')) visit(join(dirname(file), name!.replace(/\.js$/, '.ts')));
        else packages.add(name!);
    };
    // A worker is reached by its URL.
    ['index.ts', 'loader/loader-worker.ts'].forEach(visit);
    expect(reached.size).toBeGreaterThan(100);
    expect([...reached].filter((file) => file.startsWith('batched'))).toEqual([]);
    expect(new Set([...packages].filter((name) => !name.startsWith('node:')))).toEqual(
      new Set([
        '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs',
        'csv-parse',
        'fzstd',
        'hyparquet',
        'hyparquet-compressors',
        'koffi',
        'sharp',
        '@selfsup/ssl-core',
        '@selfsup/ssl-core/files',
        'yauzl',
      ]),
    );
  });

  it('lets the process end although a loader was neither read to its end nor closed', () => {
    const script = `
      import { DataLoader, ImageArrayDataset } from '@selfsup/ssl-data';
      const dataset = new ImageArrayDataset({ data: new Uint8Array(400), shape: [100, 2, 2] });
      const batches = new DataLoader({ dataset, batchSize: 5, workers: 1 }).epoch(0);
      const { value } = await batches.next();
      console.log(value.images.shape.join());`;
    const printed = execFileSync(
      process.execPath,
      ['--import', 'tsx', '--conditions=ssl-source', '--input-type=module', '-e', script],
      { cwd: source, encoding: 'utf8', timeout: 50_000 },
    );
    expect(printed).toBe('5,2,2,1\n');
  });
});
