// What npm's article extractors take for author, date and title.
//
// usage: node metadata_peers.mjs FOLDER NAME < pages.jsonl > answers.jsonl
//
// FOLDER has node_modules with NAME; {"id", "url", "html"} a line in, {"id", "author", "date", "title"} a
// line out, the date as RFC 3339. One line on standard error: the name and its version.
import fs from "node:fs";
import path from "node:path";
import readline from "node:readline";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder, name] = process.argv.slice(2);
const load = createRequire(path.join(path.resolve(folder), "peers.js"));
const version = JSON.parse(fs.readFileSync(path.join(folder, "node_modules", name, "package.json"))).version;

async function from(specifier) {
	const module = await import(pathToFileURL(load.resolve(specifier)).href);
	return module.default && Object.keys(module).length === 1 ? module.default : module;
}

const makers = {
	"@mozilla/readability": async () => {
		const { Readability } = load("@mozilla/readability");
		const { parseHTML } = load("linkedom");
		return (page) => {
			const found = new Readability(parseHTML(page.html).document).parse() ?? {};
			return { author: found.byline, date: found.publishedTime, title: found.title };
		};
	},
	"@postlight/parser": async () => {
		const parser = load("@postlight/parser");
		return async (page) => {
			const found = await parser.parse(page.url, { html: page.html, fetchAllPages: false });
			return { author: found.author, date: found.date_published, title: found.title };
		};
	},
	"@extractus/article-extractor": async () => {
		const { extractFromHtml } = await from("@extractus/article-extractor");
		return async (page) => {
			const found = (await extractFromHtml(page.html, page.url)) ?? {};
			return { author: found.author, date: found.published, title: found.title };
		};
	},
	defuddle: async () => {
		const { Defuddle } = await import(
			pathToFileURL(path.join(path.resolve(folder), "node_modules/defuddle/dist/node.js")).href);
		const { parseHTML } = load("linkedom");
		return async (page) => {
			const found = await Defuddle(parseHTML(page.html).document, page.url, { useAsync: false });
			return { author: found.author, date: found.published, title: found.title };
		};
	},
	metascraper: async () => {
		const rules = ["author", "date", "title"].map((rule) => load(`metascraper-${rule}`)());
		const scrape = load("metascraper")(rules);
		return (page) => scrape({ html: page.html, url: page.url });
	},
};

function iso(text) {
	if (!text || /^\d{4}-\d\d-\d\d/.test(text))
		return text ?? undefined;
	const date = new Date(text);
	return isNaN(date) ? undefined : date.toISOString();
}

const extract = await makers[name]();
console.error(`${name} ${version}`);
console.log = () => {}; // the extractors' own
for await (const line of readline.createInterface({ input: process.stdin })) {
	const page = JSON.parse(line);
	let found = {};
	try {
		found = (await extract(page)) ?? {};
	} catch {
		// a page that stops it is a page without an answer
	}
	process.stdout.write(JSON.stringify({
		id: page.id, author: found.author ?? "", date: iso(found.date) ?? "", title: found.title ?? "",
	}) + "\n");
}
process.exit(0);
