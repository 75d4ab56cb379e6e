import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTargets } from './fuzzTargets';

test('a target is a name with the package that it is printed above', () => {
  const text = `?   	example.com/a/none	[no test files]
ok  	example.com/a/empty	0.012s
FuzzParse
FuzzPrint
ok  	example.com/a/query	0.034s
FuzzDecode
ok  	example.com/a/wire	(cached)
`;
  assert.deepEqual(parseTargets(text), [
    'example.com/a/query.FuzzParse',
    'example.com/a/query.FuzzPrint',
    'example.com/a/wire.FuzzDecode',
  ]);
});

test('a package whose tests do not compile has no targets', () => {
  assert.deepEqual(parseTargets('FuzzLost\nFAIL	example.com/a [build failed]\n'), []);
});
