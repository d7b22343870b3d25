/*
 * The demo page. It sends text that is typed, a file that is dropped or a URL, and shows the
 * sentences in place. Nothing is stored: no cookie, no local storage, no history entry.
 */
(() => {
	'use strict';

	const $ = (id) => document.getElementById(id);
	const form = $('form');
	const TYPING_MS = 250;
	const SAMPLE = `Lake ferry returns after thirty years

The last ferry across Lake Orrin stopped in 1994, when a new road made it slower than the bus. On Saturday it sailed again, with 180 passengers on board and a queue on the pier that reached back to the bakery. "My grandmother sold tickets here," said Ada Brandt, who leads the association that bought the boat. "She would have complained about the wind."

The association paid 240,000 euros for the hull and spent twice that on an electric drive. Most of the money came from 2,100 members, the rest from a county fund for quiet transport. The batteries last for six crossings and are charged overnight from a turbine in the old mill.

Nobody expects the ferry to make a profit. A study by the county found that it would need 400 passengers a day, three times as many as the bus carries now. But the same study counted what the road costs: two closures each winter, and a detour of 48 kilometres for everyone on the northern shore. Seen that way, the boat is cheap.

Not all neighbours are pleased. Anglers in Selm fear for the spawning grounds near the western pier, and the county has asked the captain to keep below eight knots there until a report is finished in May. Until then the ferry runs four times a day, from Thursday to Sunday. A single ticket costs three euros; children and bicycles travel free.`;

	const state = { file: null, asked: 0, abort: null, timer: 0, failed: false };

	const make = (name, properties, ...children) => {
		const element = document.createElement(name);
		Object.assign(element, properties);
		element.append(...children);
		return element;
	};
	const kind = () => form.elements.kind.value;
	const NOTICE = $('status').textContent;
	/* Where each field of a request comes from. */
	const INPUTS = { text: 'text', url: 'url', html: 'file', query: 'query', key: 'key' };
	const number = (value) => value.toLocaleString('en');

	/* ---- asking --------------------------------------------------------------------------- */

	/* People write addresses without the scheme. */
	const address = (typed) =>
		!typed || /^[a-z][\w+.-]*:\/\//i.test(typed) ? typed : `https://${typed.replace(/^\/+/, '')}`;

	/* The form's contents as fields of the API; null: nothing to summarize yet. */
	const fields = () => {
		const out = {};
		if (kind() === 'text') out.text = $('text').value.toWellFormed();
		if (kind() === 'url') out.url = address($('url').value.trim());
		if (kind() === 'html' && state.file) out[state.file.kind] = state.file.text;
		const given = out.text ?? out.url ?? out.html;
		if (!given || !given.trim()) return null;
		out.sentences = +$('length').value;
		if ($('query').value.trim()) out.query = $('query').value.trim().toWellFormed();
		out.include = out.text == null ? ['text', 'sentences', 'keywords'] : ['sentences', 'keywords'];
		return out;
	};

	const say = (text, bad = false) => {
		$('status').textContent = text;
		$('status').classList.toggle('bad', bad);
		$('status').hidden = !text;
	};

	const hideAnswer = () => {
		for (const id of ['answer', 'place', 'request']) $(id).hidden = true;
	};

	/* On a phone the form fills the screen: after a button is pressed, scroll to the result. */
	const bring = () => $('result').scrollIntoView({ block: 'nearest' });

	const markWrong = (name) => {
		for (const id of Object.values(INPUTS)) $(id).removeAttribute('aria-invalid');
		const input = $(INPUTS[name]);
		input?.setAttribute('aria-invalid', 'true');
		return input;
	};

	/* `field`: the request's field at fault, if any; `shown`: somebody pressed a button and
	 * waits. */
	const showFailure = (text, field, shown) => {
		hideAnswer();
		say(text, true);
		const input = markWrong(field);
		if (!shown) return;
		input?.focus({ preventScroll: true });
		bring();
	};

	const problemText = (problem, answer) => {
		const wait = answer.headers.get('Retry-After');
		return [problem.title || `The service answered ${answer.status}`, problem.detail,
			wait ? `Try again in ${wait} ${wait === '1' ? 'second' : 'seconds'}.` : ''].filter(Boolean).join('. ').replace(/\.\./g, '.');
	};

	const ask = async (shown) => {
		const body = fields();
		state.abort?.abort();
		if (!body) {
			if (shown) return showFailure('There is nothing to summarize yet.', kind(), true);
			hideAnswer();
			markWrong();
			return say(NOTICE);
		}
		const turn = ++state.asked;
		state.abort = new AbortController();
		const headers = { 'Content-Type': 'application/json' };
		if ($('key').value) headers['X-API-Key'] = $('key').value;
		if (body.url) {
			$('url').value = body.url;
			say('Downloading…');
		}
		const begun = performance.now();
		try {
			const answer = await fetch('v1/summaries', {
				method: 'POST', headers, body: JSON.stringify(body), signal: state.abort.signal,
			});
			const result = await answer.json();
			if (turn !== state.asked) return;
			const closed = answer.status === 401 || answer.status === 403;
			if (closed) $('key-field').hidden = false;
			if (!answer.ok) {
				showFailure(problemText(result, answer), closed ? 'key' : result.pointer?.slice(1), shown);
				return;
			}
			show(body, headers, result, answer.headers.get('Server-Timing'), performance.now() - begun);
			if (shown) bring();
		} catch (error) {
			if (turn !== state.asked || error.name === 'AbortError') return;
			showFailure('The service does not answer. Is it running?', '', shown);
		}
	};

	const askSoon = () => {
		clearTimeout(state.timer);
		state.timer = setTimeout(() => ask(false), TYPING_MS);
	};

	/* ---- showing --------------------------------------------------------------------------- */

	const jump = (index) => {
		const article = $('article');
		article.querySelector('.here')?.classList.remove('here');
		const place = article.querySelector(`[data-index="${index}"]`);
		if (!place) return;
		place.classList.add('here');
		article.scrollTop += place.getBoundingClientRect().top - article.getBoundingClientRect().top -
			article.clientHeight / 3;
		$('place').scrollIntoView({ block: 'nearest' });
	};

	const showSummary = (result) => {
		$('summary').replaceChildren(...result.sentences.map((sentence) => {
			const link = make('a', { href: '#place', textContent: sentence.text, dir: 'auto' });
			link.addEventListener('click', (event) => {
				event.preventDefault();
				jump(sentence.index);
			});
			return make('li', {}, link);
		}));
		$('summary').lang = result.source.language;
	};

	/* Shows the article with one text node per sentence, so that nothing between sentences is
	 * lost. */
	const showArticle = (text, result) => {
		const chosen = new Set(result.sentences.map((sentence) => sentence.index));
		const all = result.all_sentences;
		/* Colour by rank: by score, one sentence far ahead would leave all others pale. */
		const ranks = new Map(all.map((_, index) => index).sort((a, b) => all[a].score - all[b].score)
			.map((index, rank) => [index, ((rank + 1) / all.length) ** 2]));
		const strip = [];
		const parts = [];
		let end = 0;
		all.forEach((sentence, index) => {
			const score = ranks.get(index);
			const place = make(chosen.has(index) ? 'mark' : 'span',
				{ className: 's', title: `Score ${sentence.score.toFixed(2)}` },
				text.slice(sentence.start, sentence.end));
			place.dataset.index = index;
			place.style.setProperty('--score', score);
			parts.push(text.slice(end, sentence.start), place);
			end = sentence.end;
			const piece = make('i', { className: chosen.has(index) ? 'chosen' : '' });
			piece.style.setProperty('--score', score);
			piece.style.setProperty('--size', sentence.end - sentence.start);
			piece.dataset.index = index;
			strip.push(piece);
		});
		$('strip').replaceChildren(...strip);
		$('article').replaceChildren(...parts, text.slice(end));
		$('article').lang = result.source.language;
		$('article').dir = 'auto';
		$('article').scrollTop = 0;
		/* Numbers, keywords and the strip have the article's direction. */
		for (const id of ['summary', 'keywords', 'strip']) $(id).dir = getComputedStyle($('article')).direction;
	};

	/* A range of the article's text, whose text nodes are the sentences and the text between
	 * them. */
	const rangeAt = (start, end) => {
		const range = new Range();
		const walker = document.createTreeWalker($('article'), NodeFilter.SHOW_TEXT);
		let at = 0;
		for (let node = walker.nextNode(); node; node = walker.nextNode()) {
			const next = at + node.length;
			if (start >= at && start < next) range.setStart(node, start - at);
			if (end > at && end <= next) range.setEnd(node, end - at);
			if (end <= next) break;
			at = next;
		}
		return range;
	};

	const showKeywords = (result) => {
		window.CSS?.highlights?.delete('keyword');
		$('keywords').replaceChildren(...(result.keywords || []).map((keyword) => {
			const button = make('button', { type: 'button', textContent: keyword.text, dir: 'auto' });
			button.setAttribute('aria-pressed', 'false');
			button.addEventListener('click', () => {
				const on = button.getAttribute('aria-pressed') === 'false';
				for (const other of $('keywords').querySelectorAll('button')) other.setAttribute('aria-pressed', 'false');
				button.setAttribute('aria-pressed', String(on));
				window.CSS?.highlights?.delete('keyword');
				if (!on || !window.Highlight) return;
				const ranges = keyword.occurrences.map(([start, end]) => rangeAt(start, end));
				CSS.highlights.set('keyword', new Highlight(...ranges));
			});
			return make('li', {}, button);
		}));
		$('keywords').hidden = !result.keywords?.length;
	};

	const languageName = (tag) => {
		try {
			return new Intl.DisplayNames('en', { type: 'language' }).of(tag);
		} catch {
			return tag;
		}
	};

	const showFigures = (result, timing, total) => {
		const words = result.summary.split(/\s+/).length;
		const spent = [...(timing || '').matchAll(/dur=([\d.]+)/g)].reduce((sum, [, ms]) => sum + +ms, 0);
		const figures = {
			sentences: `${result.sentences.length} of ${number(result.source.sentences)}`,
			words: result.source.words ? `${number(words)} of ${number(result.source.words)}` : number(words),
			language: languageName(result.source.language),
			'in the service': /hit/.test(timing) ? 'from the cache' : `${spent.toFixed(1)} ms`,
			'in all': `${total.toFixed(1)} ms`,
		};
		$('figures').replaceChildren(...Object.entries(figures).map(([name, value]) =>
			make('div', {}, make('dt', { textContent: name }), make('dd', { textContent: value }))));
	};

	/* Keep the key out of a line that is copied, shown or kept in a shell's history. */
	const showRequest = (body, headers, result) => {
		const quoted = JSON.stringify(body).replace(/'/g, `'\\''`);
		const key = headers['X-API-Key'] ? '-H "X-API-Key: $KEY" ' : '';
		$('curl').textContent = `curl -s ${new URL('v1/summaries', location.href)} ${key}-H 'Content-Type: application/json' -d '${quoted}'`;
		$('json').textContent = JSON.stringify(result, null, 2);
	};

	const show = (body, headers, result, timing, total) => {
		const title = result.source.title || result.source.site_name || '';
		say(body.url && title ? title : '');
		showSummary(result);
		showKeywords(result);
		showFigures(result, timing, total);
		showArticle(body.text ?? result.source.text, result);
		showRequest(body, headers, result);
		markWrong();
		for (const id of ['answer', 'place', 'request']) $(id).hidden = false;
	};

	/* ---- the form -------------------------------------------------------------------------- */

	const choose = (value) => {
		form.elements.kind.value = value;
		for (const name of ['text', 'url', 'html']) $(`pane-${name}`).hidden = name !== value;
	};

	/* HTML is sent as HTML, everything else as text. Bytes are decoded with the encoding that
	 * the file names. */
	const take = async (file) => {
		if (!file) return;
		const bytes = new Uint8Array(await file.arrayBuffer());
		const head = new TextDecoder('latin1').decode(bytes.subarray(0, 4096));
		const isHtml = /html?$/i.test(file.name) || /<(!doctype|html|head|body)/i.test(head);
		const named = isHtml && /<meta[^>]+charset=["']?([\w-]+)/i.exec(head)?.[1];
		let decoder = new TextDecoder();
		try {
			if (named) decoder = new TextDecoder(named);
		} catch {
			/* The encoding is unknown: UTF-8 is the best guess. */
		}
		const text = decoder.decode(bytes).replace(/\0/g, '');
		if (isHtml) {
			state.file = { kind: 'html', text };
			$('file-name').textContent = `${file.name}, ${number(file.size)} bytes`;
			choose('html');
		} else {
			$('text').value = text;
			choose('text');
		}
		ask(true);
	};

	form.addEventListener('submit', (event) => {
		event.preventDefault();
		ask(true);
	});
	for (const radio of form.elements.kind) radio.addEventListener('change', () => choose(radio.value));
	for (const id of ['text', 'query']) $(id).addEventListener('input', () => {
		if (kind() !== 'url') askSoon();
	});
	$('length').addEventListener('input', () => {
		const count = +$('length').value;
		$('length-shown').textContent = count === 1 ? '1 sentence' : `${count} sentences`;
		if (!$('answer').hidden) askSoon();
	});
	$('file').addEventListener('change', () => take($('file').files[0]));
	$('sample').addEventListener('click', () => {
		$('text').value = SAMPLE;
		ask(true);
	});
	$('strip').addEventListener('click', (event) => jump(event.target.dataset.index));

	addEventListener('dragover', (event) => {
		event.preventDefault();
		document.body.classList.add('dropping');
	});
	addEventListener('dragleave', (event) => {
		if (!event.relatedTarget) document.body.classList.remove('dropping');
	});
	addEventListener('drop', (event) => {
		event.preventDefault();
		document.body.classList.remove('dropping');
		take(event.dataTransfer.files[0]);
	});

	for (const button of document.querySelectorAll('[data-copy]'))
		button.addEventListener('click', async () => {
			try {
				await navigator.clipboard.writeText($(button.dataset.copy).textContent);
				button.textContent = 'Copied';
			} catch {
				getSelection().selectAllChildren($(button.dataset.copy));
				button.textContent = 'Selected: press Ctrl+C';
			}
			setTimeout(() => { button.textContent = 'Copy'; }, 2000);
		});

	const snippet = $('snippet');
	const home = new URL('.', location.href).href;
	snippet.textContent = `<script src="${home}button.js" async></script>
<summary-button></summary-button>

<!-- or, these bytes and no others: -->
<script src="${home}${snippet.dataset.button}" integrity="${snippet.dataset.integrity}"
	crossorigin="anonymous" async></script>`;
	fetch('v1/info').then((answer) => answer.json())
		.then((info) => { $('version').textContent = info.version; })
		.catch(() => { $('version').textContent = ''; });

	choose(kind());
	if (fields()) ask(false);
})();
