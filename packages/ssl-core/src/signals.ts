/** Ctrl-C and SIGTERM as requests to stop in good order. For Node alone; the main entry runs anywhere. */
export { StopSignals } from './signals/stop-signals.js';
