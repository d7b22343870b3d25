// Milliseconds an article of npm's summarizers.
//
// usage: node peers.mjs FOLDER ARTICLES    FOLDER has node_modules; ARTICLES, a form feed between them
//
// Prints {"name version": [ms of a round, …]}. The first round warms the compiler up and is not counted.
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

const ROUNDS = 3;
const [folder, file] = process.argv.slice(2);
const load = createRequire(path.join(path.resolve(folder), "peers.js"));
const articles = fs.readFileSync(file, "utf8").split("\f").slice(0, 5);

function versionOf(name) {
	return JSON.parse(fs.readFileSync(path.join(folder, "node_modules", name, "package.json"))).version;
}

const lexrank = load("lexrank");
const { SummarizerManager } = load("node-summarizer");
const peers = {
	[`lexrank ${versionOf("lexrank")}`]: (text) => new Promise((resolve, reject) =>
		lexrank.summarize(text, 3, (error, top) => (error ? reject(error) : resolve(top)))),
	[`node-summarizer ${versionOf("node-summarizer")}, by frequency`]: (text) =>
		new SummarizerManager(text, 3).getSummaryByFrequency(),
};

const took = {};
for (let round = 0; round <= ROUNDS; round++) {
	for (const [name, summarize] of Object.entries(peers)) {
		const start = performance.now();
		for (const text of articles)
			await summarize(text);
		if (round > 0)
			(took[name] ??= []).push((performance.now() - start) / articles.length);
	}
}
console.log(JSON.stringify(took));
