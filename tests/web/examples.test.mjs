/* The examples of deploy/button, as a publisher would take them. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { plain } from './articles.mjs';
import { closePage, highlighted, openPage, parts, shots, startBrowser, startService, startSite } from './harness.mjs';

const folder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../deploy/button');
const hasPhp = spawnSync('php', ['--version']).status === 0;
let browser;
let service;
let site;

before(async () => {
	site = await startSite();
	site.pages.set('/favicon.ico', { status: 204 });
	service = await startService('--cors-origins', site.origin);
	browser = await startBrowser();
});

after(async () => {
	await browser.close();
	await site.stop();
	await service.stop();
});

describe('the examples', () => {
	for (const name of ['article.html', 'inlined.html'])
		test(name, async () => {
			const html = readFileSync(path.join(folder, name), 'utf8')
				.replaceAll('https://summaries.example', service.origin).replace('src="/button.js"', `src="${service.origin}/button.js"`);
			site.pages.set(`/${name}`, { body: html });
			const page = await openPage(browser);
			await page.goto(`${site.origin}/${name}`);
			await parts(page).button.click();
			const { links } = parts(page);
			await links.first().waitFor();
			await links.last().click();
			assert.equal(await highlighted(page, 'summary-current'), await links.last().textContent());
			await closePage(page);
		});

	test('the WordPress plugin is PHP', { skip: !hasPhp }, () => {
		assert.match(execFileSync('php', ['-l', path.join(folder, 'precis-button.php')]).toString(), /No syntax errors/);
	});

	test('the WordPress plugin puts the summary into the page, escaped', { skip: !hasPhp }, () => {
		/* WordPress, as far as the plugin uses it. */
		const wordpress = `define('ABSPATH', '/'); define('PRECIS_BUTTON', 'x');
			$GLOBALS['filters'] = [];
			function add_action($name, $f) {} function wp_enqueue_script() {}
			function add_filter($name, $f) { $GLOBALS['filters'][$name] = $f; }
			function is_singular($type) { return true; } function in_the_loop() { return true; }
			function is_main_query() { return true; } function get_the_ID() { return 7; }
			function get_post_meta($id, $key, $single) { return $GLOBALS['meta']; }
			function esc_html($text) { return htmlspecialchars($text); } function esc_html__($text) { return $text; }
			require '${path.join(folder, 'precis-button.php')}';
			foreach ([['One & <b>two</b>.'], '', []] as $GLOBALS['meta']) echo $filters['the_content']('<p>Text</p>'), "\\n";`;
		const [inlined, ...bare] = execFileSync('php', ['-r', wordpress]).toString().trim().split('\n');
		assert.equal(inlined, '<summary-button><details><summary>No time to read? Get a summary</summary><ol>' +
			'<li>One &amp; &lt;b&gt;two&lt;/b&gt;.</li></ol></details></summary-button><p>Text</p>');
		assert.deepEqual(bare, Array(2).fill('<summary-button></summary-button><p>Text</p>'));
	});
});

/* For the README: PRECIS_PICTURES=server/web/pictures makes them anew there. */
describe('the pictures', () => {
	const pictures = path.resolve(process.env.PRECIS_PICTURES || shots);

	test('the button in use', async () => {
		site.pages.set('/ferry', {
			body: `<!doctype html><html lang="en"><meta charset="utf-8"><title>Ferry</title><style>
				body { font: 17px/1.6 'Noto Serif', Georgia, serif; max-width: 40rem; margin: 1.5rem auto; color: #222 }
				h1 { margin: 0 } summary-button { font-family: 'Noto Sans', sans-serif }</style>
				<script src="${service.origin}/button.js" data-article="article" async></script>
				<article>${plain.html}</article>`,
		});
		const page = await openPage(browser, { viewport: { width: 720, height: 560 }, reducedMotion: 'reduce' });
		await page.goto(`${site.origin}/ferry`);
		await parts(page).button.click();
		await parts(page).links.nth(1).click();
		await page.evaluate(() => scrollTo(0, 0));
		await page.screenshot({ path: path.join(pictures, 'button.png') });
		await closePage(page);
	});

	test('the page to try it on', async () => {
		const page = await openPage(browser, { viewport: { width: 1120, height: 780 } });
		await page.goto(`${service.origin}/`);
		await page.locator('#text').fill('The first request of a worker takes longer. This is it.');
		await page.locator('#summary li').first().waitFor();
		await page.getByRole('button', { name: 'Use a sample' }).click();
		await page.getByText('3 of 16').waitFor();
		await page.locator('h1').click();
		await page.screenshot({ path: path.join(pictures, 'page.png') });
		await closePage(page);
	});
});
