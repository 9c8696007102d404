/** Files written whole, locked and opened with bounds. For Node alone; the main entry runs anywhere. */
export { checkMemory, machineMemory } from './files/check-memory.js';
export type { MemoryNeed } from './files/check-memory.js';
export { checkPath } from './files/check-path.js';
export { clearLeftovers } from './files/clear-leftovers.js';
export type { ClearLeftoversOptions } from './files/clear-leftovers.js';
export { describeFileError } from './files/describe-file-error.js';
export { flushFile } from './files/flush-file.js';
export { FolderLock, lockHolder } from './files/folder-lock.js';
export type { FolderLockOptions } from './files/folder-lock.js';
export type { LockHolder } from './files/lock-file.js';
export { makeFolder } from './files/make-folder.js';
export { moduleFile } from './files/module-file.js';
export { openRegularFile } from './files/open-regular-file.js';
export type { OpenRegularFileOptions } from './files/open-regular-file.js';
export { temporaryName } from './files/temporary-name.js';
export { WholeFile } from './files/whole-file.js';
export { writeWhole } from './files/write-whole.js';
export type { FileParts, WriteWholeOptions } from './files/write-whole.js';
