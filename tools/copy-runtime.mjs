// Fills packages/ssl-runtime/dist/onnxruntime with what is needed of the npm package onnxruntime-node to run: its binding, its
// JavaScript and its CPU libraries of every platform, and not its install script (docs/decisions/010). Run in that folder.
import { copyFileSync, linkSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const source = dirname(createRequire(join(process.cwd(), 'package.json')).resolve('onnxruntime-node/package.json'));
const target = 'dist/onnxruntime';

for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name)
    .slice(source.length + 1)
    .replaceAll('\\', '/');
  // What the install script may have fetched for CUDA is not part of the package.
  const isWanted = /^dist\/.+\.js$/.test(path) || (path.startsWith('bin/') && !/onnxruntime_providers_/.test(path));
  if (!entry.isFile() || !isWanted) continue;
  mkdirSync(dirname(join(target, path)), { recursive: true });
  try {
    // 300 MB that take no room twice.
    linkSync(join(source, path), join(target, path));
  } catch {
    copyFileSync(join(source, path), join(target, path));
  }
}

const { name, version, license, main } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'));
writeFileSync(
  join(target, 'package.json'),
  `${JSON.stringify({ name, version, license, main, type: 'commonjs' }, undefined, 2)}\n`,
);
writeFileSync(
  join(target, 'LICENSE'),
  `MIT License

Copyright (c) Microsoft Corporation

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.

Notices of what its libraries contain:
https://github.com/microsoft/onnxruntime/blob/v${version}/ThirdPartyNotices.txt
`,
);
