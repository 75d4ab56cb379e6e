// Reporter of node:test for scripts/suites/nodeTest.ts: one line of JSON a finished test.
import path from 'node:path';

export default async function* reporter(source) {
  for await (const { type, data } of source) {
    if (type === 'test:pass' || type === 'test:fail') {
      const event = {
        verdict:
          data.skip !== undefined || data.todo !== undefined ? 'skipped' : type === 'test:pass' ? 'passed' : 'failed',
        name: data.name,
        file: data.file,
        nesting: data.nesting,
        isSuite: data.details.type === 'suite',
        isFile: data.nesting === 0 && path.resolve(data.name) === data.file,
        failedBelow: data.details.error?.failureType === 'subtestsFailed',
      };
      yield `${JSON.stringify(event)}\n`;
    }
  }
}
