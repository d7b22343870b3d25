/*
 * Looks for input whose cost grows faster than its length: articles and pages made of small
 * repeated pieces go the whole way from bytes to answer at three sizes, and the time of each step
 * is compared. The case of a number is always the same.
 *
 *   growth FROM [COUNT]   the cases from number FROM on; tells those that grow, and exits 1
 *   growth FROM 1 -v      one case, and what each of its steps took
 */
#include "core/charset.h"
#include "core/extract.h"
#include "core/summary.h"
#include "core/utf8.h"
#include "server/memory_guard.h"
#include "server/render.h"
#include "server/request.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	SIZES = 3,
	SMALLEST_BYTES = 8 << 10,
	TIMES = 4,  /* each size is this many times the one before */
	LARGER = 1, /* further sizes, if growth seems to be there */
	TRIES = 4,  /* needed before growth is believed: the least time counts */
};

/* Allowed growth of time for TIMES as much input. */
#define MOST_GROWTH 7.5
#define MOST_NS_A_BYTE 400
#define MOST_MEMORY_A_BYTE 200
#define MOST_ANSWER_A_BYTE 100
/* Less than this is noise. */
#define LEAST_NS 1000000

/* clang-format off */
static const char *const text_pieces[] = {
	".", "!", "?", "...", "…", ",", ";", ":", "：", " ", "  ", "\n", "\n\n", "\r\n", "\r", "\t",
	"a", "A", "the ", "The ", "word ", "Word ", "WORD ", "and so on ", "Mr. ", "e.g. ",
	"U.S. ", "No. ", "p.m. ", "i", "l'", "d’", "'", "\"", "“", "”", "‘", "’", "«", "»", "„",
	"(", ")", "[", "]", "{", "}", "<", ">", "-", "- ", "–", "—", "­", "-\n", "word-\n", "• ",
	"* ", "1. ", "1) ", "a) ", "iv. ", "(1) ", "1", "12", "3.14", "1,000", "12:30 ",
	"[00:01:02] ", "00:01 ", "00:00:01,000 --> 00:00:02,000\n", "JANE: ", "Jane Doe: ", "Q: ",
	"A: ", "INTERVIEWER: ", "<v Jane> ", "> ", ">> ", "> > ", "On Mon, Jane Doe wrote:\n",
	"-- \n", "From: Jane\n", "Subject: x\n", "http://a.b/c ", "www.a.com ", "a.b.c", "a@b.c ",
	"@jane ", "#tag ", "/", "\\", "_", "__", "|", "=", "==", "###", "# ", "***", "---\n", "。",
	"！", "？", "、", "「", "」", "『", "』", "中", "文字", "日本語", "の", "ア", "カタカナ", "・", "ー", "한국어 ",
	"한다 ", "다. ", "ไทย", "ไทย ", "ๆ ", "привет ", "Привет. ", "г. ", "ا", "العربية ", "؟ ",
	"۔ ", "।", "हिन्दी ", "က", "။ ", "ខ្មែរ", "።", "\u0301", "\u0300\u0301", "e\u0301",
	"\u200d", "\u200b", "\u200e", "\u200f", "\u202e", "\u2028", "\u2029", "\u00a0", "\u3000",
	"\ufeff", "\U0001F600", "\U0001F468\u200d\U0001F469\u200d\U0001F467",
	"\U0001F1E9\U0001F1EA", "\U0001F3FD", "\ufe0f", "[1]", "[edit]", ".[1] ", ".) ", ".\" ",
	"?! ", ":-) ", "A. ", "A.", "B. C. ", "St. ", "3. Mai ", "Monday ", "10 km ", "$5 ",
	"50% ", "x%d ", "x%d. ", "X%d ", "Word%d said. ", "%d ", "%d. ", "NAME%d: ", "%d:%d ",
	"中%d", "ア%d", "Copyright ", "© ", "Read more ", "Photo: Jane ", "Share this ",
	"Photograph by Jane Doe/AP\n", "Advertisement\n",
	"The committee said on Monday that it would vote. ", "He said that. ", "But this is new. ",
	"“Why?” she asked. ", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "ﬁ", "İ", "ß", "ς", "가",
	"\u1100\u1161", "\u11a8", "x\u0301\u0302", "\x01", "\x7f", "&", "&amp;", "ation", "ing ",
	"running ", "nationally ", "çalışıyor ", "Donaudampfschiff ",
};

static const char *const page_pieces[] = {
	"<p>", "</p>", "<div>", "</div>", "<br>", "<b>", "</b>", "<i>", "</i>", "<a href=x>",
	"</a>", "<a href='/a/%d'>", "<span>", "</span>", "<ul>", "</ul>", "<li>", "</li>",
	"<table>", "</table>", "<tr>", "<td>", "<th>", "</td>", "</tr>", "<h1>", "</h1>",
	"<h2>Heading %d</h2>", "<h2>", "</h2>", "<article>", "</article>", "<section>",
	"</section>", "<main>", "</main>", "<nav>", "</nav>", "<aside>", "</aside>", "<header>",
	"</header>", "<footer>", "</footer>", "<figure>", "</figure>", "<figcaption>",
	"</figcaption>", "<blockquote>", "</blockquote>", "<pre>", "</pre>", "<img alt=x>",
	"<img src=/%d.png alt='A picture'>", "<video>", "<iframe>", "<noscript>", "</noscript>",
	"<template>", "</template>", "<svg>", "</svg>", "<math>", "<mi>", "<foreignObject>",
	"<select>", "<option>", "</select>", "<button>", "</button>", "<form>", "</form>",
	"<input>", "<textarea>", "</textarea>", "<title>", "</title>",
	"<title>The title of it - Site</title>", "<head>", "</head>", "<body>", "</body>",
	"<html>", "</html>", "<html lang=de>", "<base href=/x/>", "<link rel=canonical href=/%d>",
	"<meta name=author content='Jane Doe'>", "<meta property=og:title content='The title'>",
	"<meta property='article:tag' content=x%d>", "<meta name=description content='x y z'>",
	"<meta charset=utf-8>", "<meta property=article:published_time content=2020-01-02>",
	"<script>", "</script>", "<script>x", "<script><!--", "<script><!--<script>", "<!--",
	"-->", "<!-- x -->", "<![CDATA[", "]]>", "<!DOCTYPE html>", "<?x>",
	"<script type=application/ld+json>", "<script type=application/json>",
	"<script id=__NEXT_DATA__ type=application/json>", "]", "<style>", "</style>", "a{b:c}",
	"&amp;", "&nbsp;", "&#x41;", "&#", "&ni;;", "&", "&notit;", "&#x1F600;", "&lt;p&gt;",
	"<p class=byline>By Jane Doe</p>", "<p class=byline>", "<span class=author>",
	"<div class='post author date'>", "<div class='a%d'>", "<div id=comments>",
	"<div class=comment>", "<div class=related>", "<div class=share>",
	"<div itemprop=articleBody>", "<div itemscope itemtype=http://schema.org/Article>",
	"<span itemprop=author itemscope>", "<span itemprop=name>", "<time>", "</time>",
	"<time datetime=2020-01-02>", "<time>12 May 2020</time> ",
	"<a rel=author href=/a>Jane</a> ", "<div hidden>", "<div style='display:none'>",
	"<div aria-hidden=true>", "<p>Some words stand here, and more.</p>", "<p>x",
	"<p>word %d and more. ", "<x-%d>", "<font>", "<font size=%d>", "</font>", "<nobr>",
	"<center>", "<dl><dt>", "<dd>", "<hr>", "<ruby>", "<rt>", "<sup>1</sup>", "<sub>", "<q>",
	"<cite>", "<em>", "<strong>", "</strong>", "<small>", "<details>", "<summary>", "<dialog>",
	"<object>", "<applet>", "<marquee>", "<caption>", "<colgroup>", "<col>", "<frameset>",
	"<plaintext>", "<xmp>", "<p id=%d>", " a=1", " a%d=1", " class='", "<", ">", "</", "</>",
	"/>", "=", "`", "\0", "<p ", "<div class='", "<amp-img>", "<p lang=fr>", "<p dir=rtl>",
	"By Jane Doe", "Published 12 May 2020 ", "Updated: May 12, 2020 10:00 ",
	"https://a.b/2020/01/02/x ", "Read more", "Subscribe ", "comments ", "| Site", " - Site",
	"one two three ", " | ", " » ",
};

static const char *const json_pieces[] = {
	"window.__x={", "{\"@type\":\"Article\",",
	"{\"@type\":\"NewsArticle\",\"articleBody\":\"Some words here.\"}", "\"@type\":",
	"\"@type\"[", "\"@graph\":[", "\"@id\":\"x%d\",", "\"author\":{",
	"\"author\":[{\"name\":\"J\"},", "\"name\":\"Jane\",", "\"headline\":\"x\",",
	"\"articleBody\":\"", "\"datePublished\":\"2020-01-01\",", "\"a%d\":1,", "\"text\":\"",
	"\"include\":[", "\"keywords\",", "0000000000", "\\ud83d\\ude00", "{", "}", "[", "{\"a\":",
	"[[", "\"", "\\\"", "\\u0041", "\\", ":", ",", "0", "null,", "-1e9,", "'",
	"self.__next_f.push([1,\"", "\"])", "window.__INITIAL_STATE__=", "JSON.parse('", "')", ";",
	"function(){", " ", "<!--", "Some words stand here, and more. ",
};

/* clang-format on */

/* Elements that may hold much of a page. */
static const char *const page_openers[] = {
	"<p>",       "<div class='", "<table>",    "<table><tr>", "<ul>",    "<select>",
	"<svg>",     "<title>",      "<textarea>", "<!--",        "<style>", "<noscript>",
	"<article>", "<head>",       "<a href='",  "<b>",
};

static const char *const json_openers[] = {
	"<script type=application/ld+json>",
	"<script type=application/ld+json>[",
	"<script type=application/json>",
	"<script>window.__x=",
	"<script>",
	"<script type=application/ld+json>{\"@type\":\"Article\",\"articleBody\":\"",
};

static const char *const languages[] = {"en", "de", "fr", "ja", "zh", "ko", "th", "ar",
					"ru", "it", "tr", "fi", "hi", "el", "es", "nl"};

static const char *const unit_names[] = {"utf16", "utf8", "codepoint"};

/* ---- a case ------------------------------------------------------------------------------ */

enum way { WAY_TEXT, WAY_TEXT_URL, WAY_HTML, WAY_HTML_URL, WAY_BYTES, WAY_JSON, WAYS };
enum shape { SHAPE_REPEATED, SHAPE_NESTED, SHAPE_HALVES, SHAPE_RUNS, SHAPE_SOUP, SHAPES };

#define UNIT_PIECES 4

struct growth_case {
	enum way way;
	enum shape shape;
	const char *before[UNIT_PIECES], *unit[UNIT_PIECES], *other[UNIT_PIECES],
		*behind[UNIT_PIECES];
	unsigned options;
	const char *language; /* NULL: none */
	const char *word;     /* of query and title */
	uint64_t random;
};

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9E3779B97F4A7C15;
	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
	z = (z ^ z >> 27) * 0x94D049BB133111EB;
	return z ^ z >> 31;
}

static size_t below(uint64_t *state, size_t n)
{
	return (size_t)(next_random(state) % n);
}

/* What the pieces of a case are made of. */
enum diet { DIET_TEXT, DIET_PAGE, DIET_JSON };

static const char *a_piece(uint64_t *random, enum diet diet)
{
	if (diet == DIET_JSON && below(random, 8) > 0)
		return json_pieces[below(random, COUNT(json_pieces))];
	if (diet == DIET_PAGE && below(random, 4) > 0)
		return page_pieces[below(random, COUNT(page_pieces))];
	return text_pieces[below(random, COUNT(text_pieces))];
}

static void some_pieces(uint64_t *random, enum diet diet, const char **out)
{
	size_t count = 1;
	while (count < UNIT_PIECES && below(random, 2)) /* the simplest are mostly the worst */
		count++;
	for (size_t i = 0; i < UNIT_PIECES; i++)
		out[i] = i < count ? a_piece(random, diet) : NULL;
}

static struct growth_case case_of(uint64_t number)
{
	uint64_t random = number * 0xD1342543DE82EF95 + 1;
	struct growth_case c = {.way = (enum way)below(&random, WAYS),
				.shape = (enum shape)below(&random, SHAPES)};
	bool page = c.way == WAY_HTML || c.way == WAY_HTML_URL || c.way == WAY_BYTES;
	enum diet diet = page ? DIET_PAGE : c.way == WAY_JSON ? DIET_JSON : DIET_TEXT;
	if (below(&random, 2))
		some_pieces(&random, diet, c.before);
	if (page && below(&random, 3) == 0) {
		diet = DIET_JSON;
		c.before[0] = json_openers[below(&random, COUNT(json_openers))];
	} else if (page && below(&random, 2)) {
		c.before[0] = page_openers[below(&random, COUNT(page_openers))];
	}
	some_pieces(&random, diet, c.unit);
	some_pieces(&random, diet, c.other);
	if (below(&random, 3) == 0)
		some_pieces(&random, page ? DIET_PAGE : diet, c.behind);
	c.options = (unsigned)next_random(&random);
	if (below(&random, 2))
		c.language = languages[below(&random, COUNT(languages))];
	c.word = a_piece(&random, DIET_TEXT);
	c.random = next_random(&random);
	return c;
}

struct text {
	char *at;
	size_t len, room, number;
};

static void add_piece(struct text *text, const char *piece)
{
	char made[256];
	size_t n = 0;
	if (*piece == '\0' && text->len < text->room)
		text->at[text->len++] = '\0';
	for (const char *p = piece; *p != '\0' && n < sizeof(made) - 32; p++)
		if (p[0] == '%' && p[1] == 'd') {
			n += (size_t)sprintf(made + n, "%zu", text->number);
			p++;
		} else {
			made[n++] = *p;
		}
	if (text->len + n <= text->room) {
		memcpy(text->at + text->len, made, n);
		text->len += n;
	}
}

static void add_unit(struct text *text, const char *const *unit)
{
	for (size_t i = 0; i < UNIT_PIECES && unit[i] != NULL; i++)
		add_piece(text, unit[i]);
	text->number++;
}

static void add_until(struct text *text, const char *const *unit, size_t len)
{
	for (size_t before = (size_t)-1; text->len < len && text->len != before;) {
		before = text->len;
		add_unit(text, unit);
	}
}

static void fill(const struct growth_case *c, size_t size, struct text *text)
{
	uint64_t random = c->random;
	size_t end = size - 512, run = 1;
	add_unit(text, c->before);
	switch (c->shape) {
	case SHAPE_REPEATED:
		add_until(text, c->unit, end);
		break;
	case SHAPE_NESTED:
	case SHAPE_HALVES:
		add_until(text, c->unit, size / 2);
		if (c->shape == SHAPE_NESTED)
			add_unit(text, c->behind);
		add_until(text, c->other, end);
		break;
	case SHAPE_RUNS: /* as many as each is long */
		while (run * run < size)
			run++;
		for (size_t before = (size_t)-1; text->len < end && text->len != before;) {
			before = text->len;
			size_t stop = text->len + run;
			add_until(text, c->unit, stop < end ? stop : end);
			add_unit(text, c->other);
		}
		break;
	case SHAPE_SOUP:
		while (text->len < end) {
			const char *piece = c->unit[below(&random, UNIT_PIECES)];
			add_piece(text, piece == NULL ? c->other[0] : piece);
			text->number++;
		}
		break;
	case SHAPES:
		break;
	}
	add_unit(text, c->behind);
}

/* ---- the way ----------------------------------------------------------------------------- */

enum step { STEP_DECODE, STEP_CHARSET, STEP_EXTRACT, STEP_SUMMARY, STEP_RENDER, STEPS };

static const char *const step_names[] = {"decode", "charset", "extract", "summary", "render"};

struct cost {
	uint64_t ns[STEPS];
	size_t memory, answer;
	const char *ended;
};

static struct arena arena;
static struct stems *stems;
static bool json_in_arena;

static void *json_alloc(size_t size)
{
	return json_in_arena ? arena_alloc(&arena, size, 1) : malloc(size);
}

static void json_free(void *at)
{
	if (!json_in_arena)
		free(at);
}

static uint64_t cpu_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

struct page {
	struct span html;
	bool given, as_bytes;
	struct cost *cost;
	struct article article;
	enum extract_status status;
};

static void read_page(void *arg)
{
	struct page *page = arg;
	static const struct extract_limits limits;
	uint64_t start = cpu_ns();
	if (page->as_bytes)
		page->html = charset_to_utf8(&arena, page->html, (struct span){0}, NULL);
	page->cost->ns[STEP_CHARSET] = cpu_ns() - start;
	start = cpu_ns();
	page->status = extract_article(&arena, page->html, SPAN("https://news.example/a/b?c"),
				       page->given, &limits, &page->article);
	page->cost->ns[STEP_EXTRACT] = cpu_ns() - start;
}

static json_t *repeated(const char *word, size_t max)
{
	struct text text = {.at = malloc(max), .room = max};
	const char *unit[UNIT_PIECES] = {word};
	add_until(&text, unit, max - 1);
	json_t *string = json_stringn(text.at, utf8_check((struct span){text.at, text.len}));
	free(text.at);
	return string;
}

static char *body_of(const struct growth_case *c, struct span input)
{
	unsigned o = c->options;
	json_t *json = json_object();
	bool text = c->way == WAY_TEXT || c->way == WAY_TEXT_URL;
	json_object_set_new(json, text ? "text" : "html", json_stringn(input.at, input.len));
	if (o & 1)
		json_object_set_new(json, "query", repeated(c->word, 2000));
	if (o & 2)
		json_object_set_new(json, "title", repeated(c->word, 2000));
	if (c->language != NULL)
		json_object_set_new(json, "language", json_string(c->language));
	if (o & 4)
		json_object_set_new(json, "order", json_string("score"));
	if (o & 8)
		json_object_set_new(json, "sentences", json_integer(o & 16 ? 100 : 5));
	if ((o & 0x60) == 0)
		json_object_set_new(json, "max_words", json_integer(o & 16 ? 100000 : 60));
	if ((o & 0x180) == 0)
		json_object_set_new(json, "max_chars", json_integer(o & 16 ? 100000 : 300));
	if ((o & 0x600) == 0)
		json_object_set_new(json, "ratio", json_real(o & 16 ? 1 : 0.01));
	json_object_set_new(json, "offset_unit", json_string(unit_names[(o >> 11) % 3]));
	json_object_set_new(json, "include",
			    json_pack("[ssss]", "text", "sentences", "keywords", "html_offsets"));
	if (o & 1 << 20)
		json_object_set_new(json, "avoid",
				    json_pack("[sss]", "quotes", "questions", "exclamations"));
	char *body = json_dumps(json, o & 1 << 21 ? JSON_ENSURE_ASCII : 0);
	json_decref(json);
	return body;
}

static void go(const struct growth_case *c, struct span made, struct cost *cost)
{
	bool raw = c->way == WAY_JSON;
	char *body = raw ? NULL : body_of(c, c->way == WAY_BYTES ? SPAN("<p>") : made);
	struct problem_report report;
	struct request request = {0};
	*cost = (struct cost){.ended = "decode"};
	json_in_arena = true;
	uint64_t start = cpu_ns();
	bool ok = request_decode(raw ? made : span_of(body), 64 << 20, &request, &report);
	cost->ns[STEP_DECODE] = cpu_ns() - start;
	struct page page = {.html = request.input,
			    .given = c->way != WAY_HTML_URL,
			    .as_bytes = c->way == WAY_BYTES,
			    .cost = cost};
	struct span text = request.input;
	bool is_page = ok && request.kind == REQUEST_HTML;
	if (is_page) {
		cost->ended = "extract";
		if (page.as_bytes)
			page.html = made;
		ok = memory_guard(read_page, &page) && page.status == EXTRACT_OK;
		text = page.article.text;
	}
	if (ok) {
		struct summary_input input = {.text = text,
					      .title = request.title,
					      .query = request.query,
					      .language = request.language,
					      .stems = stems};
		struct summary_options options = {.select = request.select, .max_keywords = 10};
		struct summary summary;
		start = cpu_ns();
		cost->ended = "summary";
		ok = summary_make(&arena, &input, &options, &summary) == SUMMARY_OK;
		cost->ns[STEP_SUMMARY] = cpu_ns() - start;
		if (c->way == WAY_TEXT_URL || c->way == WAY_HTML_URL)
			request.kind = REQUEST_URL;
		struct render_input render = {.request = &request,
					      .text = text,
					      .article = is_page ? &page.article : NULL,
					      .summary = &summary};
		start = cpu_ns();
		if (ok) {
			cost->ended = "render";
			char *answer = render_answer(&arena, &render, &cost->answer);
			cost->ended = answer == NULL ? "render" : "answer";
			free(answer);
		}
		cost->ns[STEP_RENDER] = cpu_ns() - start;
	}
	if (request.json != NULL)
		request_release(&request);
	cost->memory = arena.used_bytes;
	json_in_arena = false;
	arena_free(&arena);
	free(body);
}

static void least(struct cost *a, const struct cost *b)
{
	for (size_t i = 0; i < STEPS; i++)
		if (b->ns[i] < a->ns[i])
			a->ns[i] = b->ns[i];
	a->memory = b->memory;
	a->answer = b->answer;
	a->ended = b->ended;
}

static void measure(const struct growth_case *c, size_t size, bool first, struct cost *out)
{
	struct text text = {.at = malloc(size), .room = size};
	struct cost cost;
	fill(c, size, &text);
	struct span made = {text.at, text.len};
	if (c->way != WAY_BYTES && c->way != WAY_JSON)
		made.len = utf8_check(made);
	go(c, made, &cost);
	if (first)
		*out = cost;
	else
		least(out, &cost);
	free(text.at);
}

/* ---- the verdict ------------------------------------------------------------------------- */

static const char *verdict(const struct growth_case *c, const struct cost *cost, size_t largest)
{
	static char why[128];
	const struct cost *small = &cost[SIZES - 2], *large = &cost[SIZES - 1];
	bool links = c->way == WAY_TEXT_URL || c->way == WAY_HTML_URL;
	for (size_t i = 0; i < STEPS; i++) {
		if (i == STEP_RENDER && links)
			continue; /* up to 100 searches through the text, together 128 MB */
		double growth = (double)large->ns[i] / ((double)small->ns[i] + 1);
		if (large->ns[i] > LEAST_NS && growth > MOST_GROWTH &&
		    small->ns[i] > LEAST_NS / 40) {
			sprintf(why, "%s grows %.1f times", step_names[i], growth);
			return why;
		}
		if (large->ns[i] / largest > MOST_NS_A_BYTE) {
			sprintf(why, "%s takes %d ns a byte", step_names[i],
				(int)(large->ns[i] / largest));
			return why;
		}
	}
	if (large->memory > MOST_MEMORY_A_BYTE * largest + (4 << 20)) {
		sprintf(why, "memory %zu a byte", large->memory / largest);
		return why;
	}
	if (large->answer > MOST_ANSWER_A_BYTE * largest) {
		sprintf(why, "answer %zu a byte", large->answer / largest);
		return why;
	}
	return NULL;
}

/* Is the growth so large that it needs no second run, which might take minutes? */
static bool is_plain(const struct cost *cost, size_t size)
{
	uint64_t most = 0;
	for (size_t i = 0; i < STEPS; i++)
		most = cost->ns[i] > most ? cost->ns[i] : most;
	return most / size > 4 * MOST_NS_A_BYTE;
}

static void print_unit(const char *name, const char *const *unit)
{
	if (unit[0] == NULL)
		return;
	printf(" %s ", name);
	for (size_t i = 0; i < UNIT_PIECES && unit[i] != NULL; i++) {
		json_t *string = json_string(unit[i]);
		char *text = json_dumps(string, JSON_ENCODE_ANY);
		printf("%s", text);
		free(text);
		json_decref(string);
	}
}

static void print_case(uint64_t number, const struct growth_case *c, const struct cost *cost)
{
	static const char *const ways[] = {"text", "text-url", "html", "html-url", "bytes", "json"};
	static const char *const shapes[] = {"repeated", "nested", "halves", "runs", "soup"};
	printf("  %llu: %s %s %s", (unsigned long long)number, ways[c->way], shapes[c->shape],
	       c->language == NULL ? "-" : c->language);
	print_unit("before", c->before);
	print_unit("unit", c->unit);
	print_unit("other", c->other);
	print_unit("behind", c->behind);
	printf(" options %x word '%s'\n", c->options, c->word);
	for (size_t i = 0; i < SIZES; i++) {
		printf("   ");
		for (size_t k = 0; k < STEPS; k++)
			printf(" %s %.2f", step_names[k], (double)cost[i].ns[k] / 1e6);
		printf(" ms, memory %zu KB, answer %zu KB, to %s\n", cost[i].memory >> 10,
		       cost[i].answer >> 10, cost[i].ended);
	}
	fflush(stdout);
}

/* Fixed costs of small input and noise of a busy machine are told from growth by measuring again
 * and, if it stays, with still larger input. */
static bool grows(uint64_t number, bool verbose)
{
	struct growth_case c = case_of(number);
	struct cost cost[SIZES];
	size_t size = SMALLEST_BYTES;
	const char *why;
	for (size_t i = 0; i < SIZES; i++, size *= TIMES)
		measure(&c, size, true, &cost[i]);
	size /= TIMES;
	why = verdict(&c, cost, size);
	bool plain = is_plain(&cost[SIZES - 1], size);
	for (size_t k = 1; why != NULL && !plain && k < TRIES; k++) {
		measure(&c, size / TIMES, false, &cost[SIZES - 2]);
		measure(&c, size, false, &cost[SIZES - 1]);
		why = verdict(&c, cost, size);
	}
	for (size_t k = 0; why != NULL && !plain && k < LARGER; k++) {
		size *= TIMES;
		memmove(cost, cost + 1, (SIZES - 1) * sizeof(*cost));
		for (size_t i = 0; i < TRIES - 1; i++)
			measure(&c, size, i == 0, &cost[SIZES - 1]);
		why = verdict(&c, cost, size);
	}
	if (why != NULL)
		printf("%s\n", why);
	if (why != NULL || verbose)
		print_case(number, &c, cost);
	return why != NULL;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: growth FROM [COUNT [-v]]\n");
		return 2;
	}
	uint64_t from = strtoull(argv[1], NULL, 10);
	uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : UINT64_MAX;
	size_t found = 0;
	json_set_alloc_funcs(json_alloc, json_free);
	json_object_seed(1);
	memory_guard_prepare();
	stems = stems_new();
	arena_init(&arena, (size_t)512 << 20);
	for (uint64_t i = 0; i < count; i++) {
		if (i % 1000 == 0 && i > 0) {
			printf("... %llu\n", (unsigned long long)i);
			fflush(stdout);
		}
		found += grows(from + i, argc > 3);
	}
	return found > 0;
}
