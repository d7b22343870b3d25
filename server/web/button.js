/*
 * <summary-button>: "No time to read? Get a summary".
 *
 * The reader presses it, gets the article's own most important sentences, and a press on one takes
 * them to that sentence in the article, highlighted. The page's own elements are only read:
 * sentences are highlighted by ranges (CSS Custom Highlight API). For the attributes see README.md.
 *
 * The steps: read() turns the article into text and remembers the place of each piece; ask() has
 * the service choose sentences; find() turns a sentence's offsets into DOM ranges; paint()
 * highlights them. No innerHTML, no style attribute, no eval: pages with a strict
 * Content-Security-Policy and Trusted Types can use it as it is.
 */
(() => {
	'use strict';

	if (customElements.get('summary-button')) return;

	const script = document.currentScript;
	const defaults = { ...script?.dataset };
	const home = script?.src || document.baseURI;
	/* The build inserts words.txt here, one line per language: tags|label|failure */
	const words = '@WORDS@';
	/* Not part of the article: page furniture, controls, what is read elsewhere (the headline is
	 * sent separately). */
	const SKIP = 'h1,nav,aside,footer,form:not(:has(summary-button)),figcaption,button,input,select,' +
		'textarea,label,script,style,noscript,template,svg,math,iframe,object,video,canvas,rt,rp,' +
		'dialog,details:not([open]),sup:has(a[href*="#"]),a[href*="#"] sup,[aria-hidden=true],' +
		'[data-summary-skip],summary-button';
	/* Scripts can leave half a surrogate pair in a page, which JSON does not allow; offsets stay
	 * valid. */
	const wellFormed = (text) => text.replace(/\p{Cs}/gu, '\ufffd');

	const wordsFor = (tag) => {
		const lines = words.split('\n').map((line) => line.split('|'));
		const base = tag.toLowerCase().split('-')[0];
		const line = lines.find((one) => one[0].split(',').includes(base)) || lines[0];
		return [line === lines[0] ? 'en' : tag, line[1], line[2]];
	};

	/* ---- the article as text ------------------------------------------------------------- */

	/* A floated first letter (drop cap) belongs to its word. */
	const isBlock = (element, style) =>
		!/^(inline|contents|ruby|none)/.test(style.display) &&
		(style.cssFloat === 'none' || element.textContent.length > 2);

	/* Text only for screen readers is clipped to a point, out of the flow. */
	const isShown = (element, style) =>
		!/none|hidden/.test(style.display + style.contentVisibility) &&
		!(/abs|fix/.test(style.position) && element.offsetWidth < 2);

	/*
	 * The visible text of `root`: white space as the page shows it, paragraphs separated by a blank
	 * line, soft hyphens left out. `runs`: where each unbroken piece is in its text node.
	 */
	const read = (root, skip) => {
		const runs = [];
		const blocks = new Set();
		let text = '';
		let gap = 0; /* since the last piece: 1 white space, 2 a line's end, 3 a paragraph's end */
		let space; /* where the white space begins, if the gap is nothing more */
		const put = (node, from, piece) => {
			runs.push({ at: text.length, size: piece.length, node, from });
			text += piece;
		};
		const readText = (node) => {
			const style = getComputedStyle(node.parentNode);
			if (style.visibility !== 'visible') return;
			const keep = /pre|break/.test(style.whiteSpace);
			const pieces = keep ? /[^\u00ad]+/g
				: /[^ \t\n\r\f\u00ad]+(?: [^ \t\n\r\f\u00ad]+)*/g;
			let seen = 0;
			const between = (end) => {
				const at = keep ? -1 : node.data.slice(seen, end).search(/[^\u00ad]/);
				if (at < 0 || gap) return;
				gap = 1;
				space = [node, seen + at];
			};
			for (const { 0: piece, index } of node.data.matchAll(pieces)) {
				between(index);
				if (text && gap === 1) put(...space, ' ');
				else if (text) text += '\n\n'.slice(3 - gap);
				gap = 0;
				put(node, index, piece);
				seen = index + piece.length;
			}
			between(node.length);
		};
		const enter = (element) => {
			if (element.localName === 'br') gap = gap > 1 ? 3 : 2;
			const style = getComputedStyle(element);
			if (!isShown(element, style)) return false;
			if (isBlock(element, style)) {
				gap = 3;
				blocks.add(element);
			}
			return !element.matches(skip) || element === root;
		};
		let node = root;
		while (node) {
			const inside = node.nodeType === 1 ? enter(node) : node.nodeType === 3 && readText(node);
			if (inside && node.firstChild) {
				node = node.firstChild;
				continue;
			}
			while (node !== root && !node.nextSibling) {
				node = node.parentNode;
				if (blocks.has(node)) gap = 3;
			}
			node = node === root ? null : node.nextSibling;
		}
		return { text: wellFormed(text), runs };
	};

	/*
	 * The innermost element around the button, or else the first element meant for articles, that
	 * holds most of the page's prose. Long runs of text count more, links nothing: each teaser of a
	 * page may be an <article> while its article is none.
	 */
	const proseOf = ({ runs }, button) => {
		const weights = new Map();
		for (const { node, size } of runs)
			for (let box = !node.parentNode.closest('a') && node; box; box = box.parentNode)
				weights.set(box, (weights.get(box) || 0) + size * size);
		const boxes = [];
		for (let box = button; box && box !== document.body; box = box.parentElement) boxes.push(box);
		return [...boxes, ...document.querySelectorAll('article,main')].find((box) =>
			weights.get(box) > weights.get(document) / 2) || document.body;
	};

	/* A range for each text node that the sentence touches; none if it is not in the page. */
	const find = ({ text, runs }, sentence) => {
		let { start, end } = sentence;
		if (start == null || text.slice(start, end) !== sentence.text) {
			const pattern = sentence.text.replace(/\u00ad/g, '').trim()
				.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&').replace(/\s+/g, '\\s+');
			const found = new RegExp(pattern).exec(text);
			if (!found) return [];
			start = found.index;
			end = start + found[0].length;
		}
		const ranges = [];
		for (const { at, size, node, from } of runs) {
			if (at >= end || at + size <= start) continue;
			const stop = from + Math.min(end - at, size);
			if (stop > node.length) return [];
			const last = ranges.at(-1);
			if (last?.endContainer === node) {
				last.setEnd(node, stop);
				continue;
			}
			const range = new Range();
			range.setStart(node, from + Math.max(start - at, 0));
			range.setEnd(node, stop);
			ranges.push(range);
		}
		return ranges;
	};

	/* Links need the full URL: a <base> would lead a bare fragment elsewhere. */
	const pageUrl = () => location.href.split('#')[0];

	/* A text fragment that browsers scroll to; it names a long sentence by its first and last
	 * words. */
	const fragment = ({ text }, sentence) => {
		if (sentence.fragment) return sentence.fragment;
		const code = (part) => encodeURIComponent(part).replace(/-/g, '%2D');
		const list = sentence.text.split(/\s+/);
		const at = text.indexOf(sentence.text);
		const before = sentence.start > at && at >= 0
			? text.slice(0, sentence.start).split('\n').pop().trim().split(/\s+/).slice(-4).join(' ') : '';
		return '#:~:text=' + (before && code(before) + '-,') + (list.length > 12
			? code(list.slice(0, 5).join(' ')) + ',' + code(list.slice(-5).join(' '))
			: code(sentence.text));
	};

	/* ---- highlights ---------------------------------------------------------------------- */

	const sheet = (css) => {
		const made = new CSSStyleSheet();
		made.replaceSync(css);
		return made;
	};
	const adopt = (scope, made) => {
		if (!scope.adoptedStyleSheets.includes(made))
			scope.adoptedStyleSheets = [...scope.adoptedStyleSheets, made];
	};
	const canHighlight = window.Highlight && CSS.highlights;
	const layers = !canHighlight ? [] : ['summary-sentence', 'summary-current'].map((name, priority) => {
		const layer = new Highlight();
		layer.priority = priority;
		CSS.highlights.set(name, layer);
		return layer;
	});
	const highlightSheet = sheet(`
		::highlight(summary-sentence), ::highlight(summary-current) {
			background-color: var(--summary-highlight, #fff0a6);
			color: var(--summary-highlight-text, #1c1a10);
		}
		::highlight(summary-current) { background-color: var(--summary-current, #ffc83d); }
		@media (forced-colors) {
			::highlight(summary-sentence), ::highlight(summary-current) {
				background-color: Mark;
				color: MarkText;
			}
		}`);

	/* For browsers without highlights: put <mark> around each piece. Returns a function that
	 * removes them. */
	const wrap = (ranges) => {
		const undo = [];
		/* From last to first, so that the offsets before stay valid. */
		for (const range of ranges.reverse()) {
			const node = range.startContainer;
			const data = node.data;
			const mark = document.createElement('mark');
			range.surroundContents(mark);
			const tail = mark.nextSibling;
			undo.unshift(() => {
				mark.remove();
				tail.remove();
				node.data = data;
			});
		}
		return () => undo.forEach((take) => take());
	};

	/*
	 * Nested boxes may scroll: each brings the place to a third of its height, as far as it can.
	 * How far that is only shows after scrolling; for smooth scrolling they then start again.
	 */
	const scrollTo = (range) => {
		const root = document.scrollingElement;
		const ways = [];
		for (let box = range.startContainer.parentElement; box; box = box.parentElement || box.getRootNode().host) {
			if (box !== root && !/auto|scroll/.test(getComputedStyle(box).overflowY)) continue;
			const from = box.scrollTop;
			const start = box === root ? 0 : box.getBoundingClientRect().top;
			const { top } = range.getBoundingClientRect();
			box.scrollTo({ top: from + top - start - box.clientHeight / 3, behavior: 'instant' });
			ways.push([box, from, box.scrollTop]);
		}
		if (matchMedia('(prefers-reduced-motion)').matches) return;
		for (const [box, from, top] of ways) {
			box.scrollTo({ top: from, behavior: 'instant' });
			box.scrollTo({ top, behavior: 'smooth' });
		}
	};

	/* ---- the service --------------------------------------------------------------------- */

	const secondsOf = (header) =>
		+header || Math.ceil((Date.parse(header) - Date.now()) / 1000) || 0;

	/* Sends `fields` as JSON, or, for a URL, as a query string, so that caches on the way can
	 * keep the answer. */
	const ask = async (service, key, fields, signal) => {
		const url = new URL('v1/summaries', service);
		const init = { signal, credentials: 'omit', headers: {} };
		if (key) init.headers['X-API-Key'] = key;
		if (fields.url) {
			for (const name in fields) url.searchParams.set(name, fields[name]);
		} else {
			init.method = 'POST';
			init.headers['Content-Type'] = 'application/json';
			init.body = JSON.stringify(fields);
		}
		const answer = await fetch(url, init);
		const made = answer.ok && await answer.json();
		if (made.sentences) return made;
		throw { status: answer.status, wait: secondsOf(answer.headers.get('Retry-After')) };
	};

	/* ---- the element --------------------------------------------------------------------- */

	const make = (name, attributes, ...children) => {
		const element = document.createElement(name);
		for (const key in attributes) element.setAttribute(key, attributes[key]);
		element.append(...children);
		return element;
	};

	const style = sheet(`
		:host { display: block; margin: 1em 0; font: var(--summary-font, inherit);
			--accent: var(--summary-accent, light-dark(#1a4fa3, #9cc2ff)); }
		:host([hidden]) { display: none; }
		:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
		button { font: inherit; font-weight: 600; cursor: pointer; border: 1px solid var(--accent); min-height: 2.75em; padding: .5em 1.1em;
			border-radius: 9em; background: var(--accent); color: var(--summary-button-text, light-dark(#fff, #10151f)); }
		[aria-busy=true] { cursor: progress; }
		[part=status]:not(:empty) { margin: .6em 0 0; }
		[part=panel] { margin-top: .8em; padding: .6em 1em 1em; border: 1px solid var(--accent);
			border-radius: var(--summary-radius, .6em); background: var(--summary-background, light-dark(#fff, #1d1f23));
			color: var(--summary-text, light-dark(#1b1b1b, #ececec));
			text-align: start; text-transform: none; white-space: normal; }
		ol { margin: 0; padding-inline-start: 1.4em; }
		li { margin: .5em 0; }
		li::marker { color: var(--accent); }
		[part=sentence] { color: inherit; text-decoration: none; overflow-wrap: anywhere; }
		[part=sentence]:hover, [aria-current=true] { text-decoration: underline 2px var(--accent); text-underline-offset: .2em; }
		@media print { :host { display: none; } }`);

	class SummaryButton extends HTMLElement {
		static observedAttributes = ['label', 'lang'];
		#root = this.attachShadow({ mode: 'open' });
		#button;
		#status;
		#panel;
		#name;
		#abort = null; /* set while the service is asked */
		#known = null; /* the last answer, and what was asked for it */
		#shown = null; /* {article, sentences, links, current} while the panel is open */
		#ranges = [];
		#unwrap = null;
		#notBefore = 0; /* ask no earlier: the service asked for a pause */
		#leave = () => this.#abort?.abort();

		constructor() {
			super();
			adopt(this.#root, style);
			this.#button = make('button', { part: 'button', 'aria-expanded': false, 'aria-controls': 'p' });
			this.#button.onclick = () => this.#press();
			this.#status = make('div', { part: 'status', role: 'status' });
			this.#panel = make('section', { part: 'panel', id: 'p', hidden: true });
			this.#root.append(this.#button, this.#status, this.#panel);
			this.#root.addEventListener('keydown', (event) => {
				if (event.key === 'Escape' && (this.#shown || this.#abort)) this.close();
			});
		}

		connectedCallback() {
			this.#label();
			addEventListener('pagehide', this.#leave);
		}

		disconnectedCallback() {
			removeEventListener('pagehide', this.#leave);
			this.close(false);
		}

		attributeChangedCallback() {
			this.#label();
		}

		/** Close the panel and remove the highlights; the focus returns to the button. */
		close(focus = true) {
			this.#leave();
			this.#abort = null;
			this.#clear();
			this.#shown = null;
			this.#busy(false);
			this.#panel.hidden = true;
			this.#panel.replaceChildren();
			this.#button.setAttribute('aria-expanded', false);
			if (focus) this.#button.focus();
		}

		#option(name) {
			return this.getAttribute(name) ?? defaults[name];
		}

		#words() {
			return wordsFor(this.closest('[lang]')?.lang || navigator.language);
		}

		#label() {
			const [tag, label] = this.#words();
			const text = this.#option('label') || this.querySelector('summary')?.textContent.trim() || label;
			this.#button.textContent = text;
			this.#button.lang = this.#status.lang = this.#panel.lang = tag;
			/* The name is the last part of the label: "Get a summary". */
			this.#name = text.split(/[?？؟;։՞]/).pop().trim() || text;
			this.#panel.setAttribute('aria-label', this.#name);
		}

		#article() {
			const scope = this.getRootNode();
			const selector = this.#option('article');
			return selector ? scope.querySelector(selector) : this.closest('article') ||
				scope.host && scope.querySelector('article,main') || proseOf(this.#read(document.body), this);
		}

		#read(article) {
			return read(article, this.#option('skip') || SKIP);
		}

		#busy(on) {
			this.#button.setAttribute('aria-busy', on);
			this.#status.textContent = '';
		}

		#press() {
			if (this.#shown || this.#abort) return this.close();
			return this.#open().catch((error) => this.#fail(error));
		}

		async #open() {
			const left = Math.ceil((this.#notBefore - Date.now()) / 1000);
			if (left > 0) throw { wait: left };
			const article = this.#article();
			if (!article) throw { status: 0 };
			const view = this.#read(article);
			/* Sentences put into the markup at publish time need no service. */
			const inlined = [...this.querySelectorAll('li')].map((li) => ({ text: li.textContent.trim() }));
			const answer = inlined.length ? { sentences: inlined } : await this.#ask(article, view.text);
			this.#show(article, view, answer);
			this.#tell('summary', answer);
		}

		async #ask(article, text) {
			const fields = this.#option('source') === 'url'
				? { url: document.querySelector('link[rel=canonical]')?.href || pageUrl() }
				: { text };
			const title = (article.closest(':has(h1)') || document).querySelector('h1')?.textContent.trim();
			if (title && !fields.url) fields.title = [...wellFormed(title)].slice(0, 300).join('');
			if (this.#option('language')) fields.language = this.#option('language');
			if (this.#option('sentences')) fields.sentences = +this.#option('sentences');
			else fields.length = this.#option('length') || 'short';
			const asked = JSON.stringify(fields);
			if (this.#known?.asked === asked) return this.#known.answer;

			const abort = this.#abort = new AbortController();
			const late = setTimeout(() => abort.abort(), 20000); /* nobody waits longer than that */
			this.#busy(true);
			/* Usually the answer comes before anybody could read this. */
			const slow = setTimeout(() => { this.#status.textContent = this.#name + '…'; }, 200);
			try {
				const service = new URL(this.#option('service') || home, document.baseURI);
				const answer = await ask(service, this.#option('key'), fields, abort.signal);
				this.#known = { asked, answer };
				return answer;
			} catch (error) {
				throw this.#abort === abort && error; /* false: the panel was closed meanwhile */
			} finally {
				clearTimeout(late);
				clearTimeout(slow);
				if (this.#abort === abort) {
					this.#abort = null;
					this.#busy(false);
				}
			}
		}

		#fail(error) {
			if (!error) return;
			const [tag, , failed] = this.#words();
			const { wait } = error;
			if (wait > 0) this.#notBefore = Date.now() + wait * 1000;
			const when = wait > 0 ? ` (${new Intl.RelativeTimeFormat(tag).format(wait, 'second')})` : '';
			this.#status.textContent = failed + when;
			this.#tell('summaryerror', error);
		}

		#tell(name, detail) {
			this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
		}

		#show(article, view, answer) {
			const list = make('ol', {
				part: 'list', lang: answer.source?.language || article.closest('[lang]')?.lang || '',
				dir: getComputedStyle(article).direction,
			});
			const links = answer.sentences.map((sentence, index) => {
				const link = make('a', { part: 'sentence', href: pageUrl() + fragment(view, sentence) }, sentence.text);
				link.onclick = (event) => this.#go(event, index);
				return link;
			});
			list.append(...links.map((link) => make('li', {}, link)));
			this.#shown = { article, sentences: answer.sentences, links, current: -1 };
			this.#panel.replaceChildren(list);
			this.#panel.hidden = false;
			this.#button.setAttribute('aria-expanded', true);
			this.#paint();
		}

		#clear() {
			this.#ranges.forEach((range) => layers.forEach((layer) => layer.delete(range)));
			this.#ranges = [];
			this.#unwrap?.();
			this.#unwrap = null;
		}

		/* Highlight the sentences, the current one more strongly; returns the current one's
		 * first range. */
		#paint() {
			const { article, sentences, current } = this.#shown;
			this.#clear();
			/* Read the page each time, as it may have changed. */
			const view = this.#read(article);
			const found = sentences.map((sentence) => find(view, sentence));
			const target = found[current]?.[0];
			if (!canHighlight) {
				this.#unwrap = wrap(found.flat());
				return target;
			}
			adopt(article.getRootNode(), highlightSheet);
			found.forEach((ranges, index) => ranges.forEach((range) => {
				layers[+(index === current)].add(range);
				this.#ranges.push(range);
			}));
			return target;
		}

		#go(event, index) {
			if (event.ctrlKey || event.metaKey || event.shiftKey) return; /* a new tab: leave it to the link */
			this.#shown.current = index;
			this.#shown.links.forEach((link, i) => link.setAttribute('aria-current', i === index));
			const range = this.#paint();
			if (!range) return; /* leave this to the link, too: the browser may find it */
			event.preventDefault();
			/* The caret moves to the sentence; the focus stays, so that Tab leads to the next
			 * one. */
			getSelection().collapse(range.startContainer, range.startOffset);
			scrollTo(range);
		}
	}

	customElements.define('summary-button', SummaryButton);

	/* ---- attaching by data attributes ------------------------------------------------------ */

	const build = (data) => {
		const button = document.createElement('summary-button');
		for (const name in data) button.setAttribute(name, data[name]);
		return button;
	};
	const attach = () => {
		for (const place of document.querySelectorAll('[data-summary-button]'))
			if (!place.querySelector('summary-button')) place.append(build(place.dataset));
		if (defaults.article == null && defaults.place == null) return;
		const article = document.querySelector(defaults.article || 'article');
		const place = defaults.place ? document.querySelector(defaults.place) : article?.querySelector('h1');
		if (place) place.after(build(defaults));
		else article?.prepend(build(defaults));
	};
	if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', attach);
	else attach();
})();
