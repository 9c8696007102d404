import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['ssl-source'] },
  ssr: { resolve: { conditions: ['ssl-source'] } },
  test: {
    include: ['packages/*/{src,test}/**/*.test.ts', 'apps/*/src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', 'test/packaging/**'],
    setupFiles: ['test/setup/silent-console.ts', 'test/setup/device.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
  },
});
