/** Where a command writes to. */
export interface OutputStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Results go to `stdout`, which may be piped; everything said to people about the work goes to `stderr`. */
export interface CommandStreams {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
}
