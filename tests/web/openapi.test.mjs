// The API's document is OpenAPI 3.1 as its authors' own schema defines it. What it says of the service
// is checked by tests/http/test_openapi.py.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';

import { Validator } from '@seriousme/openapi-schema-validator';

const source = new URL('../../server/web/openapi.json', import.meta.url);
const read = async () => JSON.parse(await readFile(source, 'utf8'));

test('the document is OpenAPI 3.1', async () => {
	const validator = new Validator();
	const result = await validator.validate(await read());
	assert.deepEqual(result.errors, undefined);
	assert.equal(result.valid, true);
	assert.equal(validator.version, '3.1');
});

for (const [what, spoil] of [
	['a wrong name', (api) => { api.paths['/v1/info'].get.respnses = {}; }],
	['a wrong place of a parameter', (api) => { api.paths['/v1/summaries'].get.parameters[0].in = 'body'; }],
	['a response without a description', (api) => { delete api.components.responses.Text.description; }],
])
	test(`the check sees ${what}`, async () => {
		const api = await read();
		spoil(api);
		assert.equal((await new Validator().validate(api)).valid, false);
	});
