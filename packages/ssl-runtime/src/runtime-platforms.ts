/** What the package holds libraries for, as Node names it: `process.platform`, a space, `process.arch`. */
export const runtimePlatforms: readonly string[] = [
  'linux x64',
  'linux arm64',
  'darwin arm64',
  'win32 x64',
  'win32 arm64',
];
