const causes: Readonly<Record<string, string>> = {
  EACCES: 'permission denied (EACCES). Check who owns it, or choose another place',
  EPERM: 'not permitted (EPERM). Check who owns it, or choose another place',
  EROFS: 'the file system is read-only (EROFS). Choose a place that can be written to',
  ENOSPC: 'the disk is full (ENOSPC). Free some room (df -h; df -i for the number of files), or choose another disk',
  EDQUOT: 'the quota of this user is used up (EDQUOT). Free some room, or choose another disk',
  ENOENT: 'no such file or folder (ENOENT). Check the path; a missing folder has to be made first',
  EEXIST: 'something else has that name (EEXIST). Choose another name',
  ENOTDIR: 'a part of the path is a file, not a folder (ENOTDIR). Check the path',
  EISDIR: 'is a folder (EISDIR). Give the path of a file',
  EMFILE: 'too many files are open (EMFILE). Close some, or raise the limit (ulimit -n)',
  ENFILE: 'the system has too many files open (ENFILE). Close some',
  ELOOP: 'is a loop of links (ELOOP). Remove the link',
  ENAMETOOLONG: 'the name is too long (ENAMETOOLONG). Choose a shorter one',
  EIO: 'the disk reports an error (EIO). Check the disk; what was written may be damaged',
  ESTALE: 'the file server lost it (ESTALE). Mount the folder again',
  EFBIG: 'larger than the file system or a limit allows (EFBIG). Choose another disk, or raise the limit (ulimit -f)',
};

/** What an error of the file system means and what helps, its code in brackets; other errors in their own words. */
export function describeFileError(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  const known = code === undefined ? undefined : causes[code];
  return known ?? (error instanceof Error ? error.message : String(error));
}
