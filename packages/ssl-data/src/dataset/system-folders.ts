/**
 * Folders that systems and network storage put beside people's files: what macOS adds to archives, thumbnails of Synology,
 * bins and indices of Windows, what is found at a check of a disk, Python's compiled files. They are no classes, and
 * pictures in them are smaller copies.
 */
const names: ReadonlySet<string> = new Set([
  '__MACOSX',
  '@eaDir',
  '#recycle',
  '$RECYCLE.BIN',
  'System Volume Information',
  'lost+found',
  '__pycache__',
]);

/** Whether a folder of this name is passed over. */
export function isSystemFolder(name: string): boolean {
  return names.has(name);
}
