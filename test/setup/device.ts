import { beforeEach, expect } from 'vitest';

import { exclusionOf } from '../devices/exclusions.js';

beforeEach(({ task, skip }) => {
  const reason = exclusionOf(`${task.file.name} > ${expect.getState().currentTestName ?? task.name}`);
  if (reason !== undefined) skip(reason);
});
