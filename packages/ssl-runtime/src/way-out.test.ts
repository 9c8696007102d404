import { describe, expect, it } from 'vitest';
import { RuntimeError } from './runtime-error.js';
import { wayOutOf } from './way-out.js';

const linux = { platform: 'linux', arch: 'x64', withoutGlibc: false };

describe('the way out where the runtime does not load', () => {
  it.each([
    [
      new Error("Cannot find module '../bin/napi-v6/darwin/x64/onnxruntime_binding.node'"),
      { ...linux, platform: 'darwin' },
      /no libraries for darwin x64\. There are for linux x64, linux arm64, darwin arm64/,
    ],
    [
      new Error("Cannot find module '../bin/napi-v6/freebsd/x64/x.node'"),
      { ...linux, platform: 'freebsd' },
      /no libraries for freebsd x64/,
    ],
    [
      new Error('Error loading shared library ld-linux-x86-64.so.2'),
      { ...linux, withoutGlibc: true },
      /needs glibc.*Debian image such as node:22-slim instead of Alpine/,
    ],
    [
      new Error("/lib/libc.so.6: version `GLIBC_2.28' not found (required by x)\nstack"),
      linux,
      /GLIBC_2\.28' not found.*too old.*glibc 2\.28/,
    ],
    [
      new Error('The specified module could not be found.\n\\\\?\\C:\\x.node'),
      { ...linux, platform: 'win32' },
      /vc_redist/,
    ],
    [
      Object.assign(new Error('Cannot find module onnxruntime-common'), { code: 'MODULE_NOT_FOUND' }),
      linux,
      /not whole: delete node_modules/,
    ],
    [new Error('invalid ELF header'), linux, /invalid ELF header.*install again/],
    ['thrown as a string', linux, /thrown as a string/],
  ])('%s', (cause, machine, message) => {
    const [problem, wayOut] = wayOutOf(cause, machine);
    expect(new RuntimeError(problem, wayOut).message).toMatch(message);
  });

  it('is for this machine where none is named', () => {
    expect(wayOutOf(new Error('out of luck'))[0]).toBe('out of luck');
  });
});
