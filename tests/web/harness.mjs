/*
 * What the browser tests share: the running service, a publisher's site on another origin, and
 * Chromium. A page's error, a Content-Security-Policy violation or an unexpected line on its console
 * fails the test.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../..');
export const program = path.resolve(process.env.PRECIS_PROGRAM || path.join(root, 'build/server/precis'));
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
export const shots = path.join(here, 'screenshots');
mkdirSync(shots, { recursive: true });

const listen = (server, port = 0) => new Promise((resolve) => {
	server.listen(port, '127.0.0.1', () => resolve(server.address().port));
});

/* A port that nobody listens on just now. */
export const freePort = async () => {
	const server = createServer();
	const port = await listen(server);
	await new Promise((resolve) => server.close(resolve));
	return port;
};

/* The real program; `stop` ends it and waits. */
export const startService = async (...options) => {
	const port = await freePort();
	const child = spawn(program, ['--listen', `127.0.0.1:${port}`, ...options], {
		stdio: ['ignore', 'ignore', 'pipe'],
	});
	let log = '';
	child.stderr.on('data', (data) => { log += data; });
	const ended = new Promise((resolve) => child.on('exit', resolve));
	const origin = `http://127.0.0.1:${port}`;
	while (!await fetch(`${origin}/readyz`).then((answer) => answer.ok, () => false)) {
		assert.equal(child.exitCode, null, `precis did not start: ${log}`);
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
	return {
		origin,
		stop: async () => {
			child.kill('SIGTERM');
			assert.equal(await ended, 0, log);
		},
	};
};

/* A server of a few pages: `pages` maps a path to {type, body, headers, status} or to a function. */
export const startSite = async () => {
	const pages = new Map();
	const requests = [];
	const server = createServer((request, response) => {
		const page = pages.get(request.url.split('?')[0]);
		requests.push(request);
		if (typeof page === 'function') return page(request, response);
		response.writeHead(page ? page.status || 200 : 404, {
			'Content-Type': page?.type || 'text/html; charset=utf-8', ...page?.headers,
		});
		return response.end(page?.body ?? '');
	});
	const port = await listen(server);
	return {
		pages,
		requests,
		origin: `http://127.0.0.1:${port}`,
		stop: () => new Promise((resolve) => {
			server.close(resolve);
			server.closeAllConnections();
		}),
	};
};

export const startBrowser = () => {
	assert.ok(existsSync('/usr/bin/chromium'), 'the tests need Debian\'s chromium');
	return chromium.launch({
		executablePath: '/usr/bin/chromium',
		args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
			'--disable-background-networking', '--disable-component-update', '--disable-sync'],
	});
};

/* A page whose faults are collected; `page.faults` must be empty at the end, or match `expected`. */
export const openPage = async (browser, options = {}) => {
	const context = await browser.newContext({ viewport: { width: 900, height: 700 }, ...options });
	const page = await context.newPage();
	page.faults = [];
	page.on('pageerror', (error) => page.faults.push(`error: ${error.message}`));
	page.on('console', (message) => {
		if (['error', 'warning'].includes(message.type())) page.faults.push(message.text());
	});
	await page.addInitScript(() => {
		addEventListener('securitypolicyviolation', (event) =>
			console.error(`violation of ${event.violatedDirective} by ${event.blockedURI}`));
	});
	return page;
};

export const closePage = async (page, expected = null) => {
	await page.context().close();
	const faults = page.faults.filter((fault) => !expected?.test(fault));
	assert.deepEqual(faults, []);
};

/* What axe-core finds wrong. The page's policy does not bind the debugger, which runs it. */
export const accessibilityFaults = async (page) => {
	const client = await page.context().newCDPSession(page);
	const { readFile } = await import('node:fs/promises');
	await client.send('Runtime.evaluate', { expression: await readFile(axe, 'utf8') });
	const { result, exceptionDetails } = await client.send('Runtime.evaluate', {
		expression: `axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa',
			'best-practice']}).then((found) => found.violations.map((one) => one.id + ': ' +
			one.nodes.map((node) => node.target.join(' ')).join(', ')))`,
		awaitPromise: true,
		returnByValue: true,
	});
	assert.equal(exceptionDetails, undefined);
	return result.value;
};

/* The parts of the button on `page`, found as a reader finds them. */
export const parts = (page) => ({
	button: page.locator('summary-button').first().locator('[part=button]'),
	status: page.locator('summary-button').first().locator('[part=status]'),
	panel: page.locator('summary-button').first().locator('[part=panel]'),
	links: page.locator('summary-button').first().locator('[part=sentence]'),
});

/* The highlighted text of a layer: what its ranges hold, in the page's order. */
export const highlighted = (page, layer) => page.evaluate((name) => {
	const ranges = [...CSS.highlights.get(name)];
	ranges.sort((a, b) => a.compareBoundaryPoints(Range.START_TO_START, b));
	return ranges.map((range) => range.toString()).join('')
		.replace(/\u00ad/g, '').replace(/[ \t\n\r\f]+/g, ' ').trim();
}, layer);
