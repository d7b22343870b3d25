/* The button from behind the shipped nginx.conf and haproxy.cfg: the files as they are, but for addresses, rate and folder. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { plain } from './articles.mjs';
import { closePage, freePort, openPage, parts, startBrowser, startService, startSite } from './harness.mjs';

const deploy = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../deploy');
const daemons = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
let browser;
let service;
let site;
let folder;

const replaceOnce = (text, from, to) => {
	assert.equal(text.split(from).length, 2, `${from} stands once`);
	return text.replace(from, to);
};

/* A proxy in front of the service; `stop` ends it and waits. */
const start = async (command, args, port) => {
	const child = spawn(command, args, { env: daemons, stdio: 'ignore' });
	const ended = new Promise((resolve) => { child.on('exit', resolve); });
	const origin = `http://127.0.0.1:${port}`;
	while (!await fetch(`${origin}/v1/info`).then((answer) => answer.ok, () => false)) {
		assert.equal(child.exitCode, null, `${command} did not start`);
		await new Promise((resolve) => { setTimeout(resolve, 20); });
	}
	return {
		origin,
		stop: async () => {
			child.kill('SIGTERM');
			await ended;
		},
	};
};

const startNginx = async (rate = '10000r/s') => {
	const port = await freePort();
	const home = mkdtempSync(path.join(folder, 'nginx-'));
	let text = readFileSync(path.join(deploy, 'nginx.conf'), 'utf8');
	text = replaceOnce(text, 'listen 80;', `listen 127.0.0.1:${port};`);
	text = replaceOnce(text, 'server 127.0.0.1:8080 ', `server ${new URL(service.origin).host} `);
	text = replaceOnce(text, '/var/lib/nginx/precis', `${home}/answers`);
	text = replaceOnce(text, 'rate=10r/s', `rate=${rate}`);
	if (rate.endsWith('r/m')) text = text.replaceAll(' burst=40 nodelay', '');
	writeFileSync(path.join(home, 'site.conf'), text);
	const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
		.map((kind) => `${kind}_temp_path ${home}/${kind};`).join(' ');
	writeFileSync(path.join(home, 'nginx.conf'), `${process.getuid() === 0 ? 'user root;' : ''} daemon off;
		pid ${home}/pid; events {} http { access_log off; ${temporary} include ${home}/site.conf; }`);
	return start('nginx', ['-p', home, '-e', `${home}/errors`, '-c', `${home}/nginx.conf`], port);
};

const startHaproxy = async () => {
	const port = await freePort();
	let text = readFileSync(path.join(deploy, 'haproxy.cfg'), 'utf8');
	text = replaceOnce(text, 'bind :80\n', `bind 127.0.0.1:${port}\n`);
	text = replaceOnce(text, '\tserver one 127.0.0.1:8080 ', `\tserver one ${new URL(service.origin).host} `);
	const file = path.join(folder, 'haproxy.cfg');
	writeFileSync(file, text);
	return start('haproxy', ['-db', '-f', file], port);
};

/* A page of another origin with the button from `proxy`, opened. */
const open = async (proxy) => {
	site.pages.set('/article', {
		body: `<!doctype html><html lang="en"><title>Ferry</title><script src="${proxy.origin}/button.js" async></script>
			<summary-button></summary-button><article>${plain.html}</article></html>`,
	});
	const page = await openPage(browser);
	await page.goto(`${site.origin}/article`);
	await parts(page).button.click();
	return page;
};

before(async () => {
	folder = mkdtempSync(path.join(tmpdir(), 'precis-proxies-'));
	site = await startSite();
	site.pages.set('/favicon.ico', { status: 204 });
	service = await startService('--cors-origins', site.origin, '--trust-proxies', '127.0.0.1');
	browser = await startBrowser();
});

after(async () => {
	await browser.close();
	await site.stop();
	await service.stop();
	rmSync(folder, { recursive: true });
});

describe('behind a proxy', () => {
	for (const [name, begin] of [['nginx', startNginx], ['haproxy', startHaproxy]])
		test(`${name}: the button loads and gives a summary, and so does the page`, async () => {
			const proxy = await begin();
			const page = await open(proxy);
			await parts(page).links.first().waitFor();
			assert.equal(await parts(page).links.count(), 3);
			await closePage(page);
			const tried = await openPage(browser);
			await tried.goto(`${proxy.origin}/`);
			await tried.getByRole('button', { name: 'Use a sample' }).click();
			await tried.locator('#summary li').first().waitFor();
			await closePage(tried);
			await proxy.stop();
		});

	test('nginx refuses for the rate: the button says how long to wait', async () => {
		const proxy = await startNginx('1r/m'); /* of which the start took one */
		const body = JSON.stringify({ text: 'One. Two.' });
		const asked = await fetch(`${proxy.origin}/v1/summaries`, {
			method: 'POST', headers: { 'Content-Type': 'application/json' }, body,
		});
		assert.equal(asked.status, 429);
		const page = await open(proxy);
		await parts(page).status.getByText('in 1 second').waitFor();
		await closePage(page, /status of 429/);
		await proxy.stop();
	});
});
