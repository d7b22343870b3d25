/* The page to try the service on, served by the running program. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { plain } from './articles.mjs';
import {
	accessibilityFaults, closePage, openPage, program, shots, startBrowser, startService, startSite,
} from './harness.mjs';

const run = promisify(execFile);
let browser;
let service;
let site;

/* The page, with every request checked to go to the service. */
const open = async (options = {}, origin = service.origin) => {
	const page = await openPage(browser, { viewport: { width: 1280, height: 900 }, ...options });
	page.on('request', (request) => {
		if (!/^data:/.test(request.url()) && new URL(request.url()).origin !== origin)
			page.faults.push(`external request: ${request.url()}`);
	});
	await page.goto(`${origin}/`);
	return page;
};

const sample = async (page) => {
	await page.getByRole('button', { name: 'Use a sample' }).click();
	await page.locator('#summary li').first().waitFor();
};

before(async () => {
	site = await startSite();
	site.pages.set('/article', { body: `<!doctype html><title>Ferry</title><article>${plain.html}</article>` });
	service = await startService('--url-allow-nets', '127.0.0.0/8');
	browser = await startBrowser();
});

after(async () => {
	await browser.close();
	await site.stop();
	await service.stop();
});

describe('the page', () => {
	test('shows the sample\'s sentences, in place and by score', async () => {
		const page = await open();
		await sample(page);
		const text = await page.locator('#text').inputValue();
		const chosen = await page.locator('#summary li').allTextContents();
		assert.equal(chosen.length, 3);
		assert.deepEqual(await page.locator('#article mark').allTextContents(), chosen);
		assert.equal(await page.evaluate(() => document.querySelector('#article').textContent), text);
		const sentences = await page.locator('#article .s').count();
		assert.equal(await page.locator('#strip i').count(), sentences);
		assert.ok(sentences > 15);
		await page.locator('#summary a').nth(2).click();
		assert.equal(await page.locator('#article .here').textContent(), chosen[2]);
		assert.match(await page.locator('#figures').textContent(), /sentences3 of \d+.*languageEnglish.*ms/s);
		await page.evaluate(() => scrollTo(0, 0));
		await page.screenshot({ path: path.join(shots, 'page.png') });
		await page.screenshot({ path: path.join(shots, 'page-whole.png'), fullPage: true });
		await closePage(page);
	});

	test('the slider and the query ask again', async () => {
		const page = await open();
		await sample(page);
		await page.locator('#length').fill('5');
		await page.waitForFunction(() => document.querySelectorAll('#summary li').length === 5);
		assert.equal(await page.locator('#length-shown').textContent(), '5 sentences');
		await page.locator('#length').fill('1');
		await page.locator('#query').fill('anglers and spawning grounds');
		await page.waitForFunction(() => /spawning/.test(document.querySelector('#summary').textContent));
		assert.equal(await page.locator('#length-shown').textContent(), '1 sentence');
		await closePage(page);
	});

	test('keywords are shown in the text', async () => {
		const page = await open();
		await sample(page);
		const keyword = page.locator('#keywords button').first();
		await keyword.click();
		const found = await page.evaluate(() => [...CSS.highlights.get('keyword')].map(String));
		assert.ok(found.length > 0);
		for (const one of found) assert.equal(one.toLowerCase(), (await keyword.textContent()).toLowerCase());
		await keyword.click();
		assert.equal(await page.evaluate(() => CSS.highlights.has('keyword')), false);
		await closePage(page);
	});

	test('its curl line gives the same answer', async () => {
		const page = await open();
		await page.locator('#text').fill('It\'s "quoted" & $HOME \\ `tick`.\nThe second line isn\'t long. 😀 A third sentence ends it.');
		await page.locator('#summary li').first().waitFor();
		const { stdout } = await run('sh', ['-c', await page.locator('#curl').textContent()]);
		assert.deepEqual(JSON.parse(stdout), JSON.parse(await page.locator('#json').textContent()));
		await closePage(page);
	});

	test('a URL is summarized', async () => {
		const page = await open();
		await page.getByRole('radio', { name: 'URL' }).check();
		await page.locator('#url').fill(`${site.origin}/article`);
		await page.keyboard.press('Enter');
		await page.locator('#summary li').first().waitFor();
		assert.equal(await page.locator('#summary li').count(), 3);
		assert.match(await page.locator('#article').textContent(), /Lake Orrin/);
		await closePage(page);
	});

	test('files are read: HTML as HTML in its own encoding, all else as text', async () => {
		const page = await open();
		await page.getByRole('radio', { name: 'HTML file' }).check();
		const latin = Buffer.from(`<!doctype html><meta charset="iso-8859-1"><article><p>Die Brücke über den Fluss wurde am Montag gesperrt, weil Risse gefunden wurden.</p>
			<p>Die Fähren fahren alle zehn Minuten, bis die Brücke repariert ist. Das dauert sechs Wochen.</p></article>`, 'latin1');
		await page.locator('#file').setInputFiles({ name: 'a.html', mimeType: 'text/html', buffer: latin });
		await page.locator('#summary li').first().waitFor();
		assert.match(await page.locator('#article').textContent(), /Brücke über/);
		await page.evaluate(() => {
			const data = new DataTransfer();
			data.items.add(new File(['A text was dropped here. It has two sentences.'], 'a.txt', { type: 'text/plain' }));
			document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
		});
		await page.waitForFunction(() => /dropped/.test(document.querySelector('#summary').textContent));
		assert.match(await page.locator('#text').inputValue(), /dropped/);
		await closePage(page);
	});

	test('one second to wait is no "seconds"', async () => {
		const strict = await startService('--rate', '1/s');
		const page = await open({}, strict.origin);
		await page.locator('#text').fill('One sentence. And another one.');
		const told = page.locator('#status.bad').getByText(/Try again in/);
		while (!await told.count()) await page.getByRole('button', { name: 'Summarize' }).click();
		assert.match(await told.textContent(), /Try again in 1 second\.$/);
		await closePage(page, /status of 429/);
		await strict.stop();
	});

	test('faults are told in words', async () => {
		const page = await open();
		await page.getByRole('button', { name: 'Summarize' }).click();
		assert.match(await page.locator('#status').textContent(), /nothing to summarize/);
		await page.getByRole('radio', { name: 'URL' }).check();
		await page.locator('#url').fill('http://169.254.169.254/');
		await page.keyboard.press('Enter');
		await page.locator('#status.bad').getByText(/may not|not allowed|refused/i).waitFor();
		await page.screenshot({ path: path.join(shots, 'page-fault.png') });
		await closePage(page, /status of 422/);
	});

	test('what is half-typed in a hidden pane stops nothing', async () => {
		const page = await open();
		await page.getByRole('radio', { name: 'URL' }).check();
		await page.locator('#url').fill('not an address');
		await page.getByRole('radio', { name: 'Text', exact: true }).check();
		await page.evaluate(() => { document.querySelector('#text').value = 'Set, not typed. It has two sentences.'; });
		await page.getByRole('button', { name: 'Summarize' }).click();
		await page.locator('#summary li').first().waitFor();
		await closePage(page);
	});

	test('an address may come without its scheme', async () => {
		const page = await open();
		await page.getByRole('radio', { name: 'URL' }).check();
		for (const [typed, asked] of [['169.254.169.254/a', 'https://169.254.169.254/a'], ['//169.254.169.254/', 'https://169.254.169.254/'],
			['169.254.169.254:8080', 'https://169.254.169.254:8080'], ['HTTP://169.254.169.254/', 'HTTP://169.254.169.254/']]) {
			await page.locator('#url').fill(typed);
			const [request] = await Promise.all([
				page.waitForRequest(/v1\/summaries/), page.getByRole('button', { name: 'Summarize' }).click(),
			]);
			assert.equal(request.postDataJSON().url, asked);
			assert.equal(await page.locator('#url').inputValue(), asked);
			assert.equal((await request.response()).status(), 422);
		}
		await closePage(page, /status of 422/);
	});

	test('when the text is emptied its summary goes, too', async () => {
		const page = await open();
		const notice = await page.locator('#status').textContent();
		await sample(page);
		await page.locator('#text').fill('');
		await page.locator('#answer').waitFor({ state: 'hidden' });
		for (const id of ['#place', '#request']) assert.ok(await page.locator(id).isHidden());
		assert.equal(await page.locator('#status').textContent(), notice);
		await page.locator('#text').fill('Something else is here. It has two sentences.');
		await page.locator('#summary li').first().waitFor();
		await closePage(page);
	});

	test('on a phone, whoever presses is brought to what comes of it', async () => {
		const page = await open({ viewport: { width: 360, height: 740 }, reducedMotion: 'reduce' });
		const inView = (selector) => page.waitForFunction((name) => {
			const box = document.querySelector(name)?.getBoundingClientRect();
			return box?.height > 0 && box.top >= 0 && box.bottom <= innerHeight;
		}, selector);
		const focused = () => page.evaluate(() => document.activeElement.id);
		await page.getByRole('button', { name: 'Summarize' }).click();
		await inView('#status.bad');
		assert.equal(await focused(), 'text');
		assert.equal(await page.locator('#text').getAttribute('aria-invalid'), 'true');
		await page.evaluate(() => scrollTo(0, 0));
		await sample(page);
		await inView('#summary li');
		assert.equal(await page.locator('[aria-invalid]').count(), 0);
		await page.getByRole('radio', { name: 'URL' }).check();
		await page.locator('#url').fill('http://169.254.169.254/');
		await page.getByRole('button', { name: 'Summarize' }).click();
		await inView('#status.bad');
		assert.equal(await focused(), 'url');
		/* What is typed is summarized as well, but nobody is taken from where they type. */
		await page.getByRole('radio', { name: 'Text', exact: true }).check();
		await page.evaluate(() => scrollTo(0, 0));
		await page.locator('#text').fill('It was typed. Nothing moves.');
		await page.locator('#summary li').first().waitFor();
		assert.equal(await page.evaluate(() => scrollY), 0);
		await closePage(page, /status of 422/);
	});

	for (const [width, height] of [[1280, 900], [1440, 1000], [1280, 600]])
		test(`the form covers nothing and is all within reach, ${width} by ${height}`, async () => {
			const page = await open({ viewport: { width, height }, reducedMotion: 'reduce' });
			await sample(page);
			const end = await page.evaluate(() => document.documentElement.scrollHeight);
			for (let y = 0; y < end; y += 100) {
				const [form, embed] = await page.evaluate((at) => {
					scrollTo(0, at);
					return ['#form', '#embed'].map((name) => document.querySelector(name).getBoundingClientRect().toJSON());
				}, y);
				assert.ok(form.bottom <= embed.top, `scrolled by ${y}`);
				assert.ok(form.height <= height, `scrolled by ${y}`);
			}
			await page.locator('.primary').click();
			await closePage(page);
		});

	test('it says how long the service keeps answers at most', async () => {
		const page = await open();
		assert.match(await page.locator('#status').textContent(), /keeps its answer for up to a day/);
		await closePage(page);
		const { stdout } = await run(program, ['--help']);
		assert.match(stdout, /--cache-text-ms.*?0 to 86400000/s);
	});

	test('nothing is remembered in the browser', async () => {
		const page = await open();
		await sample(page);
		assert.deepEqual(await page.evaluate(async () => [localStorage.length, sessionStorage.length, document.cookie,
			(await indexedDB.databases()).length, (await caches.keys()).length, location.href, history.length]),
		[0, 0, '', 0, 0, `${service.origin}/`, 2]);
		await closePage(page);
	});

	test('its policy lets nothing else in', async () => {
		const answer = await fetch(`${service.origin}/`);
		const policy = answer.headers.get('content-security-policy');
		assert.match(policy, /default-src 'none'/);
		assert.match(policy, /require-trusted-types-for 'script'/);
		assert.doesNotMatch(policy, /unsafe|\*/);
		assert.equal(answer.headers.get('referrer-policy'), 'no-referrer');
		assert.equal(answer.headers.get('access-control-allow-origin'), null);
		assert.match(answer.headers.get('cache-control'), /no-cache/);
	});

	for (const colorScheme of ['light', 'dark'])
		test(`axe-core finds nothing, empty and filled, ${colorScheme}`, async () => {
			const page = await open({ colorScheme });
			assert.deepEqual(await accessibilityFaults(page), []);
			await sample(page);
			assert.deepEqual(await accessibilityFaults(page), []);
			await page.evaluate(() => scrollTo(0, 0));
			await page.screenshot({ path: path.join(shots, `page-${colorScheme}.png`) });
			await closePage(page);
		});

	test('without scripts it says so, and shows no form that does nothing', async () => {
		const page = await open({ javaScriptEnabled: false });
		assert.equal(await page.locator('.notice').isVisible(), true);
		assert.equal(await page.locator('main').isVisible(), false);
		await closePage(page);
	});

	test('where the article runs from right to left, so does all that is shown of it', async () => {
		const page = await open();
		const left = (name) => page.evaluate((selector) => document.querySelector(selector).getBoundingClientRect().left, name);
		await page.locator('#text').fill('فُتح الجسر يوم الاثنين بعد إصلاح طويل. تعبره الحافلات كل عشر دقائق. بلغت الكلفة ستة ملايين يورو.');
		await page.locator('#summary li').first().waitFor();
		for (const name of ['#summary', '#keywords', '#strip', '#article'])
			assert.equal(await page.evaluate((selector) => getComputedStyle(document.querySelector(selector)).direction, name), 'rtl', name);
		assert.ok(await left('#strip i:first-child') > await left('#strip i:last-child'));
		await sample(page);
		await page.waitForFunction(() => getComputedStyle(document.querySelector('#summary')).direction === 'ltr');
		await closePage(page);
	});

	test('on paper stands what was found, all of it, and no form', async () => {
		const page = await open();
		await sample(page);
		await page.emulateMedia({ media: 'print' });
		for (const name of ['#form', '#request', '#embed']) assert.equal(await page.locator(name).isVisible(), false, name);
		for (const name of ['#summary', '#article']) assert.equal(await page.locator(name).isVisible(), true, name);
		assert.deepEqual(await page.evaluate(() => {
			const { clientHeight, scrollHeight } = document.querySelector('#article');
			return scrollHeight - clientHeight;
		}), 0);
		await closePage(page);
	});

	test('in forced colours what is chosen and what can be pressed is seen', async () => {
		const page = await open({ forcedColors: 'active' });
		await sample(page);
		await page.locator('#keywords button').first().click();
		const look = (name) => page.evaluate((selector) => {
			const { backgroundColor, color, borderTopWidth } = getComputedStyle(document.querySelector(selector));
			return [backgroundColor, color, borderTopWidth].join();
		}, name);
		assert.notEqual(await look('.pills label:first-of-type span'), await look('.pills label:last-of-type span'));
		assert.notEqual(await look('#keywords li:first-child button'), await look('#keywords li:last-child button'));
		assert.match(await look('.primary'), /1px$/);
		await closePage(page);
	});

	test('the outline of a sentence is not cut off', async () => {
		const page = await open({ reducedMotion: 'reduce' });
		await sample(page);
		await page.locator('#summary a').first().click();
		const [box, place] = await page.evaluate(() => ['#article', '#article .here'].map((name) =>
			document.querySelector(name).getBoundingClientRect().toJSON()));
		const around = 5; /* 3px, 2px away */
		assert.ok(place.left - around >= box.left && place.top - around >= box.top && place.right + around <= box.right);
		await closePage(page);
	});

	for (const width of [320, 768, 1920])
		test(`it fits ${width} pixels`, async () => {
			const page = await open({ viewport: { width, height: 800 } });
			await sample(page);
			assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
			await page.screenshot({ path: path.join(shots, `page-${width}.png`), fullPage: width < 1000 });
			await closePage(page);
		});

	test('the lines it gives for a publisher\'s page work', async () => {
		const strict = await startService('--cors-origins', site.origin);
		const page = await open({}, strict.origin);
		const snippet = await page.locator('#snippet').textContent();
		await closePage(page);
		for (const [i, part] of snippet.split('\n\n').entries()) {
			site.pages.set('/embedded', {
				body: `<!doctype html><html lang="en"><title>Ferry</title>${part}
					${i === 0 ? '' : '<summary-button></summary-button>'}<article>${plain.html}</article></html>`,
			});
			site.pages.set('/favicon.ico', { status: 204 });
			const reader = await openPage(browser);
			await reader.goto(`${site.origin}/embedded`);
			await reader.locator('summary-button [part=button]').click();
			await reader.locator('summary-button [part=sentence]').first().waitFor();
			await closePage(reader);
		}
		await strict.stop();
	});

	test('it asks for a key where keys are needed', async () => {
		const { mkdtemp, writeFile, rm } = await import('node:fs/promises');
		const { tmpdir } = await import('node:os');
		const folder = await mkdtemp(path.join(tmpdir(), 'precis-'));
		const file = path.join(folder, 'keys');
		await writeFile(file, `tester:${'k'.repeat(32)}\n`);
		const locked = await startService('--api-keys-file', file);
		const page = await open({}, locked.origin);
		await page.getByRole('button', { name: 'Use a sample' }).click();
		await page.locator('#key:focus').waitFor();
		await page.locator('#key').fill('k'.repeat(32));
		await page.getByRole('button', { name: 'Summarize' }).click();
		await page.locator('#summary li').first().waitFor();
		const line = await page.locator('#curl').textContent();
		assert.ok(!line.includes('kkk'), 'the key itself is not shown');
		const { stdout } = await run('sh', ['-c', line], { env: { ...process.env, KEY: 'k'.repeat(32) } });
		assert.deepEqual(JSON.parse(stdout), JSON.parse(await page.locator('#json').textContent()));
		await closePage(page, /status of 401/);
		await locked.stop();
		await rm(folder, { recursive: true });
	});
});
