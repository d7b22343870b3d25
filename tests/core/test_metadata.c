#include "check.h"

#include "core/metadata.h"

static struct html_page page;
static struct arena arena;

static struct article read(const char *html, const char *base_url)
{
	struct article metadata = {0};
	arena_init(&arena, 16 << 20);
	html_parse(&arena, span_of(html), NULL, &page);
	metadata_read(&arena, &page, span_of(base_url), &metadata);
	return metadata;
}

static void done(void)
{
	html_free(&page);
	arena_free(&arena);
}

static const struct {
	const char *name, *html, *title;
} titles[] = {
	{"heading and site",
	 "<title>Bridge closed for repairs | The Paper</title><h1>Bridge closed for repairs</h1>",
	 "Bridge closed for repairs"},
	{"masthead as h1",
	 "<title>Bridge closed for repairs - The Paper</title><h1>The Paper</h1><h2>Bridge closed "
	 "for repairs</h2>",
	 "Bridge closed for repairs"},
	{"no heading",
	 "<meta property=og:site_name content='The Paper'><title>The Paper \xC2\xBB Bridge "
	 "closed</title>",
	 "Bridge closed"},
	{"unknown site at the end", "<title>Bridge closed for six weeks - Harbour News</title>",
	 "Bridge closed for six weeks"},
	{"a dash of its own",
	 "<meta property=og:site_name content=Paper><meta property=og:title content='Bridge closed "
	 "- for weeks'>",
	 "Bridge closed - for weeks"},
	{"kicker in the heading",
	 "<title>Bridge closed for weeks | Paper</title><h1><span>Harbour</span> Bridge closed for "
	 "weeks</h1>",
	 "Bridge closed for weeks"},
	{"other words in the title",
	 "<title>Repairs: what you must know</title><h1>The harbour bridge is closed</h1>",
	 "The harbour bridge is closed"},
	{"JSON-LD",
	 "<script type=application/ld+json>{\"@type\":\"NewsArticle\",\"headline\":\"Bridge &amp; "
	 "pier closed\"}</script>",
	 "Bridge & pier closed"},
	{"escaped once more than it should be",
	 "<meta property=og:title content='Q&amp;amp;A: &amp;quot;Why&amp;quot; the bridge is "
	 "closed'>",
	 "Q&A: \"Why\" the bridge is closed"},
	{"so in the title", "<title>Bridge &amp;amp; pier closed for weeks</title>",
	 "Bridge & pier closed for weeks"},
	{"a masthead that leads to the front page",
	 "<title>The Evening Paper: the bridge</title><h1><a href=https://paper.example/>The "
	 "Evening Paper</a></h1><h2>Harbour bridge closed for weeks</h2>",
	 "The Evening Paper: the bridge"},
	{"its link around it",
	 "<title>Bridge closed | Evening</title><a href=/><h1>The Evening Paper</h1></a>"
	 "<h1>The harbour bridge is closed</h1>",
	 "The harbour bridge is closed"},
	{"a blog's below a path, by its role",
	 "<title>Bridge</title><h1><a rel=home href=/blog/>A walk by the sea</a></h1>"
	 "<h1>The harbour bridge is closed</h1>",
	 "The harbour bridge is closed"},
	{"a headline that leads to itself",
	 "<title>Bridge closed for weeks - Paper</title><h1><a href=/bridge>Bridge closed for "
	 "weeks</a></h1>",
	 "Bridge closed for weeks"},
	{"nothing", "<p>text", ""},
};

static void headlines_are_found(void **state)
{
	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
		struct article metadata = read(titles[i].html, "");
		CHECK_SPAN(titles[i].name, metadata.title, span_of(titles[i].title));
		done();
	}
}

static const struct {
	const char *name, *html, *byline;
} bylines[] = {
	{"meta", "<meta name=author content='Jane Doe'>", "Jane Doe"},
	{"JSON-LD, several",
	 "<script "
	 "type=application/ld+json>{\"@graph\":[{\"@type\":\"WebSite\"},{\"@type\":[\"Article\"],"
	 "\"author\":[{\"name\":\"Jane Doe\"},\"Jo Roe\"]}]}</script>",
	 "Jane Doe, Jo Roe"},
	{"class", "<p class=byline>By Jane Doe | 12 March 2024</p>", "Jane Doe"},
	{"rel", "<a rel=author href=/jane>Jane Doe</a>", "Jane Doe"},
	{"a URL is no name", "<meta name=author content='https://a.example/jane'>", ""},
	{"a label is none", "<p class=author>Name *</p>", ""},
	{"elements without a space",
	 "<div class=byline>By<a>Jane Doe</a><span>Evening Paper</span><time>Dec 28, "
	 "2016</time></div>",
	 "Jane Doe"},
	{"a label in an element of its own",
	 "<p class=byline><span>Author</span><span>Jane Doe</span></p>", "Jane Doe"},
	{"a month is no name", "<span class=byline>Dec 28, 2016</span>", ""},
	{"an account with digits", "<a rel=author>jo201</a>", "jo201"},
	{"one <meta> for each",
	 "<meta name=citation_author content='Jane Doe'><meta name=citation_author content='Jo "
	 "Roe'>"
	 "<meta name=citation_author content='Jane Doe'>",
	 "Jane Doe, Jo Roe"},
	{"links side by side", "<p>By <a rel=author>Jane Doe</a> and <a rel=author>Jo Roe</a></p>",
	 "Jane Doe, Jo Roe"},
	{"four of them",
	 "<p><a rel=author>Jane Doe</a>, <a rel=author>Jo Roe</a>, <a rel=author>Al Poe</a>, "
	 "<a rel=author>Cy Moe</a></p>",
	 "Jane Doe, Jo Roe, Al Poe, Cy Moe"},
	{"five, as who commented or writes for the paper",
	 "<p><a rel=author>Jane Doe</a>, <a rel=author>Jo Roe</a>, <a rel=author>Al Poe</a>, "
	 "<a rel=author>Cy Moe</a>, <a rel=author>Ed Loe</a>, <a rel=author>Flo Noe</a></p>",
	 ""},
	{"one of them five times",
	 "<a rel=author>Jane Doe</a>, <a rel=author>Jane Doe</a>, <a rel=author>Jane Doe</a>, "
	 "<a rel=author>Jane Doe</a>, <a rel=author>Jane Doe</a>",
	 "Jane Doe"},
	{"not who wrote what it leads to",
	 "<script type=application/ld+json>[{\"@type\":\"Article\",\"headline\":\"Bridge\"},"
	 "{\"@type\":\"Article\",\"author\":\"Jo Roe\"}]</script>",
	 ""},
	{"who wrote what has a text",
	 "<script type=application/ld+json>[{\"@type\":\"Article\",\"headline\":\"Bridge\"},"
	 "{\"@type\":\"Article\",\"author\":\"Jo Roe\",\"articleBody\":\"It is "
	 "closed.\"}]</script>",
	 "Jo Roe"},
	{"not who edited",
	 "<p>By <a rel=author>Jane Doe</a>, edited by <a rel=author>Jo Roe</a></p>", "Jane Doe"},
	{"nor who commented",
	 "<a rel=author>Jane Doe</a><ul><li><cite rel=author>Ann</cite><p>Such a long comment that "
	 "it "
	 "can be nothing else, about the bridge and the pier<li><cite rel=author>Bob</cite><p>The "
	 "answer to it is longer than a name with what its owner does, as comments are</ul>",
	 "Jane Doe"},
	{"by, in any element", "<h1>Bridge</h1><div>By <span>Jane van der Doe</span></div>",
	 "Jane van der Doe"},
	{"a label, then a name", "<h5>Autor: </h5><p><b>Jo Roe</b> am 29.12.2010</p>", "Jo Roe"},
	{"label and name in one", "<div><span>Autor: </span><b>Jo Roe</b> am 29.12.2010</div>",
	 "Jo Roe"},
	{"a text that says by", "<p>By Jane Doe</p>", "Jane Doe"},
	{"and where", "<p class=byline>By Jane Doe in Orrin</p>", "Jane Doe"},
	{"and what she is", "<p class=byline>BY JANE DOE, POLITICAL EDITOR</p>", "JANE DOE"},
	{"with another", "<p class=byline>By Jane Doe, Jo Roe</p>", "Jane Doe, Jo Roe"},
	{"a menu does not",
	 "<p>By topic</p><p>By the end of it all</p><p>Von Kairo nach Berlin</p>", ""},
	{"a sentence about a place",
	 "<p>By the River Thames, people waited for the water to fall.</p>", ""},
	{"address after the name", "<meta name=author content='Jane Doe, jane@paper.example'>",
	 "Jane Doe"},
	{"account after the name",
	 "<meta name=twitter:label1 content='Written by'><meta name=twitter:data1 content='Jane "
	 "Doe "
	 "@jane'>",
	 "Jane Doe"},
	{"a name rather than an account",
	 "<meta name=author content=jdoe><a rel=author>Jane Doe</a>", "Jane Doe"},
	{"a name rather than the site's",
	 "<meta property=og:site_name content='The Evening Paper'><meta name=author "
	 "content='Evening "
	 "Paper'><p class=byline>Jane Doe</p>",
	 "Jane Doe"},
	{"a name rather than a host",
	 "<meta name=author content=paper.example><p class=byline>Jane Doe</p>", "Jane Doe"},
	{"the site where nobody is named", "<meta name=author content=paper.example>",
	 "paper.example"},
	{"the whole name", "<meta name=author content=Jane><a rel=author>Jane Doe</a>", "Jane Doe"},
	{"the head's, whatever the body says",
	 "<meta property=og:site_name content='The Paper'><meta property=article:published_time "
	 "content=2024-03-12><meta name=author content='Jane Doe'><body><p class=byline>Jo Roe</p>",
	 "Jane Doe"},
	{"the whole name of the first that names somebody",
	 "<meta property=og:site_name content='The Paper'><script "
	 "type=application/ld+json>{\"@type\":"
	 "\"Article\",\"author\":\"Anna\",\"datePublished\":\"2024-03-12\"}</script>"
	 "<meta name=author content='Max Muster'><body><p class=byline>Anna Berg</p>",
	 "Anna Berg"},
	{"a site that is named behind",
	 "<meta property=article:published_time content=2024-03-12><meta name=author "
	 "content='Daily Planet News'><body><p class=byline>By Lois Lane</p><script "
	 "type=application/"
	 "ld+json>{\"@type\":\"Article\",\"headline\":\"x\",\"publisher\":{\"name\":"
	 "\"Daily Planet News\"}}</script>",
	 "Lois Lane"},
	{"JSON-LD with a raw line feed in a string",
	 "<script type=application/ld+json>{\"@type\":\"Article\",\"description\":\"Closed\nfor "
	 "\\\"weeks\\\",]\",\"author\":\"Jane Doe\"}</script>",
	 "Jane Doe"},
	{"JSON-LD with commas behind the last",
	 "<script type=application/ld+json>{\"@type\":\"Article\",\"keywords\":[\"a,]\", ,\n]"
	 "}</script><script type=application/ld+json>{\"@type\":\"Article\",\"keywords\":["
	 "\"a,]\",\n],\"author\":\"Jane Doe, Jo Roe\",}</script>",
	 "Jane Doe, Jo Roe"},
	{"JSON-LD with names of characters",
	 "<script type=application/ld+json>{\"@type\":\"Article\",\"author\":\"Ren&eacute; "
	 "Mu&ntilde;oz\"}</script>",
	 "René Muñoz"},
	{"not who commented first",
	 "<div id=comments><ol class=comment-list><li><span class='comment-author vcard'>Ann "
	 "Moe</span><p>Thank you.</ol></div>",
	 ""},
	{"who wrote it, behind the newest comments",
	 "<ul id=recent-comments><li><span class=author>Ann Moe</span> on the bridge</ul>"
	 "<p><span class=author>Jane Doe</span></p>",
	 "Jane Doe"},
	{"a rubric of comments is none",
	 "<div class='post hentry category-comment'><span class=author>Jane Doe</span></div>",
	 "Jane Doe"},
	{"not where the publisher lives",
	 "<footer><address>Harbour Building<br>12 Pier Street</address></footer>", ""},
	{"at the foot of the article",
	 "<footer class=entry-footer><span class=author>Jane Doe</span></footer>", "Jane Doe"},
	{"not who made the design",
	 "<footer><p><a href=/t>Theme</a> by <a href=/j>Jo Roe</a></p></footer>", ""},
	{"not the next field of a form",
	 "<div><label>Name</label><input><label>Email</label></div>", ""},
	{"not what a menu sorts by", "<nav><div><p>By</p><a href=/use>Use Case</a></div></nav>",
	 ""},
	{"a menu that markup calls a byline",
	 "<nav class=posted><a rel=author href=/jane>Jane Doe</a></nav>", "Jane Doe"},
	{"behind the label, whatever stands before it",
	 "<div><b>Datum:</b> 3.5.2021<br><b>Autor:</b> Jo Roe<br><b>Quelle:</b> Paper<br></div>",
	 "Jo Roe"},
	{"an account of markup's rather than a name of a text",
	 "<p>By <a rel=author>jdoe</a></p><p>Translated from a book by Jo Roe</p><p>By Jo Roe</p>",
	 "jdoe"},
	{"an account in an hCard rather than the next article's author",
	 "<p>by <span class='author vcard'><a class=fn>jdoe</a></span></p><p>By Jo Roe</p>",
	 "jdoe"},
	{"a <div> that holds a name alone", "<div class=post__author>By Jane Doe</div>",
	 "Jane Doe"},
	{"one that tells all about somebody",
	 "<div class=author-box><h4>About Jane Doe</h4><p>She lives beside the bridge and has "
	 "written of it since it was opened.</div>",
	 ""},
	{"one that is a heading", "<div class=author-title>The Author</div>", ""},
	{"one that is a button", "<div class=author-menu>Follow</div>", ""},
	{"a paper's, not those of what it refers to",
	 "<meta name=citation_author content='Jane Doe'><body><ol><li itemprop=citation>"
	 "<meta itemprop=author content='Jo Roe'>The bridge</ol>",
	 "Jane Doe"},
	{"in Arabic", "<p>بقلم: أحمد المنصور</p>", "أحمد المنصور"},
	{"in an element of its own", "<p><span>بقلم</span> <a href=/w>سارة حداد</a></p>",
	 "سارة حداد"},
	{"not by means of something, in Arabic",
	 "<p>أغلق الجسر <a href=/x>القديم</a> بواسطة المهندسين المحليين</p>", ""},
	{"not books, in Arabic", "<p>كتب جديدة في المكتبة</p>", ""},
	{"in Hebrew", "<p>מאת: דנה כהן</p>", "דנה כהן"},
	{"in Chinese, beside the source", "<p>作者：王小明 来源：港口日报</p>", "王小明"},
	{"behind a slash", "<p>文/张伟</p>", "张伟"},
	{"before a slash", "<p>記者陳大文／台北報導</p>", "陳大文"},
	{"not a press conference", "<p>記者会見</p>", ""},
	{"in Japanese", "<p>取材・文／伊藤美咲</p>", "伊藤美咲"},
	{"beside the label, in Japanese", "<div><span>著者</span><a href=/a>高橋 健</a></div>",
	 "高橋 健"},
	{"a Korean reporter with an address", "<p>홍길동 기자 hong@paper.example</p>", "홍길동"},
	{"behind where, before the news", "<p>[서울=뉴스] 이영희 기자 = 시의회는 밝혔다.</p>",
	 "이영희"},
	{"in markup, in Korean", "<p class=byline>김철수 기자</p>", "김철수"},
	{"not a reporter among other words", "<p>시민 기자 모집</p><p>연예부 기자</p>", ""},
	{"in Russian", "<p>Автор: Иван Петров</p>", "Иван Петров"},
	{"in capitals", "<p>АВТОР: ИВАН ПЕТРОВ</p>", "ИВАН ПЕТРОВ"},
	{"not the picture's, in Russian", "<p>Автор фото: Пётр Сидоров</p>", ""},
	{"not without capitals, in Russian", "<p>Автор: статьи и заметки о мостах</p>", ""},
	{"in Hungarian", "<p>Szerző: Nagy Péter</p>", "Nagy Péter"},
	{"in Italian", "<html lang=it><p>di Mario Rossi</p>", "Mario Rossi"},
	{"with the name in a link",
	 "<html lang=it-IT><div>di <a href=/f>Giulia Bianchi</a> - lunedì</div>", "Giulia Bianchi"},
	{"not what belongs to somebody, in Italian",
	 "<html lang=it><p>Il governo <a href=/d>di Mario Draghi</a> non cade</p><p>di Roma</p>",
	 ""},
	{"not where it is, in Indonesian", "<html lang=id><p>di Jakarta Selatan</p>", ""},
	{"before the photographer", "<p>Text: Eva Klein, Fotos: Uwe Groß</p>", "Eva Klein"},
	{"both in one label", "<p>Text und Bilder: Eva Klein</p>", "Eva Klein"},
	{"a heading called text", "<p>Text</p><p>Eva Klein</p>", ""},
	{"before the editor", "<p>Reporting by Jane Doe; editing by Jo Roe</p>", "Jane Doe"},
	{"one name, behind more than a small word", "<p>Posted by Jane</p>", "Jane"},
	{"before a line feed", "<p>by Jane Doe\n - \n 2025-09-13</p>", "Jane Doe"},
	{"behind a no-break space", "<p>By&nbsp;Jane Doe</p>", "Jane Doe"},
	{"before what they are", "<p>Authors: Jane Doe and Jo Roe, senior lecturers</p>",
	 "Jane Doe and Jo Roe"},
	{"signed with a role", "<p>Jane Doe | Senior Writer | July 2, 2025</p>", "Jane Doe"},
	{"with a role alone", "<p>Jane Doe, Staff Writer</p>", "Jane Doe"},
	{"not who is spoken of", "<p>Jane Doe, the editor of a paper, said so.</p>", ""},
	{"not a list in the middle of a sentence", "<p>Mit <b>viel</b> von Säure, Extrakt</p>", ""},
	{"behind a date", "<p>30 ноября 2026 12:00 Автор: Сергей Орлов</p>", "Сергей Орлов"},
	{"not the image's", "<p>3 May - image author: Jo Roe</p>", ""},
	{"in brackets", "<p>（文：小林 真理）</p>", "小林 真理"},
	{"with a footnote's mark", "<p class=author>Written by <span>Jane Doe, MD*</span></p>",
	 "Jane Doe, MD"},
	{"not the name of who set a cookie", "<p>Name: Web Company</p>", ""},
	{"of Cxense", "<meta property=cXenseParse:author content='Jane Doe'>", "Jane Doe"},
	{"a recipe's",
	 "<script type=application/ld+json>{\"@type\":\"Recipe\",\"author\":{\"name\":\"Jane "
	 "Doe\"}}</script>",
	 "Jane Doe"},
};

static void authors_are_found(void **state)
{
	for (size_t i = 0; i < sizeof(bylines) / sizeof(bylines[0]); i++) {
		struct article metadata = read(bylines[i].html, "");
		CHECK_SPAN(bylines[i].name, metadata.byline, span_of(bylines[i].byline));
		done();
	}
}

static void everything_else_is_found(void **state)
{
	struct article metadata =
		read("<html lang=en_GB><head><meta property=og:site_name content='The  Paper'>"
		     "<meta property=og:type content=article><meta name=description content=' "
		     "About&amp;nbsp;\nit. '>"
		     "<meta property=article:published_time content=2024-03-12T08:30:00+01:00>"
		     "<meta property=article:modified_time content='2024-03-13'>"
		     "<meta property=og:image content=/i/a.png><link rel=canonical href=../b?c=1>",
		     "https://a.example/x/y");
	CHECK_SPAN("site", metadata.site_name, SPAN("The Paper"));
	CHECK_SPAN("description", metadata.description, SPAN("About it."));
	CHECK_SPAN("published", metadata.published, SPAN("2024-03-12T08:30:00+01:00"));
	CHECK_SPAN("modified", metadata.modified, SPAN("2024-03-13"));
	CHECK_SPAN("language", metadata.language, SPAN("en-GB"));
	CHECK_SPAN("canonical", metadata.canonical_url, SPAN("https://a.example/b?c=1"));
	CHECK_SPAN("image", metadata.image_url, SPAN("https://a.example/i/a.png"));
	done();
}

static const struct {
	const char *name, *html, *published;
} dates[] = {
	{"of a post that is quoted",
	 "<p>Text<blockquote class=twitter-tweet><p>We will fight it.</p>&mdash; Swimmers <a "
	 "href=https://twitter.example/x>May 5, 2019</a></blockquote>",
	 ""},
	{"of a correction",
	 "<p>This article was amended on 4 February 2026 to correct the number of boats.", ""},
	{"published, behind updated", "<p>Updated 4 February 2026, first published 3 February 2026",
	 "2026-02-03"},
	{"published, before updated", "<p>3 February 2026, published by Orrin", "2026-02-03"},
	{"RDFa before a date that only its text tells",
	 "<p>Printed on 3 May 2021</p><span property='dc:date dc:created' "
	 "content=2024-03-12T08:30:00Z>Tue</span>",
	 "2024-03-12T08:30:00Z"},
	{"RDFa by schema.org, and that of a comment behind it",
	 "<span property=schema:dateCreated content=2024-03-12>Tue</span>"
	 "<span property=schema:dateCreated content=2024-03-14>Thu</span>",
	 "2024-03-12"},
	{"the text alone", "<p>Printed on 3 May 2021</p>", "2021-05-03"},
	{"that a sentence tells of something else", "<p>The war began on 3 May 2011.", ""},
	{"with a stop that ends no sentence", "<p>Tue, 3 May 2011 at 9 a.m.", "2011-05-03"},
	{"the first text that calls it nothing", "<p>3 May 2021<p>4 May 2021", "2021-05-03"},
	{"the one that is called published, behind another",
	 "<p>Today is 3 May 2021<p>Published: 2 May 2021<p>Published: 1 May 2021", "2021-05-02"},
	{"called so by the text before it", "<p>Updated 3 May 2021<p><b>Published</b> 2 May 2021",
	 "2021-05-02"},
	{"in one text", "<p>更新日：2026年12月1日 公開日：2026年11月30日", "2026-11-30"},
	{"in other digits", "<p>٣٠ نوفمبر ٢٠٢٦", "2026-11-30"},
	{"by an era", "<p>令和8年11月30日", "2026-11-30"},
	{"by a Thai year", "<p>30 พฤศจิกายน 2569", "2026-11-30"},
	{"JSON-LD's of the whole page rather than a text's",
	 "<script type=application/ld+json>{\"@type\":\"WebPage\",\"datePublished\":\"2021-05-01\"}"
	 "</script><p>Published: 2 May 2021",
	 "2021-05-01"},
};

static void dates_are_found(void **state)
{
	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
		struct article metadata = read(dates[i].html, "");
		CHECK_SPAN(dates[i].name, metadata.published, span_of(dates[i].published));
		done();
	}
}

static void hostile_pages_do_no_harm(void **state)
{
	static const char *const pages[] = {
		"",
		"<meta property=og:image content='javascript:alert(1)'><link rel=canonical "
		"href='data:,x'>",
		"<script type=application/ld+json>[[[[{\"@type\":</script>",
		"<script type=application/ld+json></script>",
		"<h1></h1><h1>\xC2\xA0</h1><title></title>",
		"<time datetime='99999999999999999999'>x</time>",
		"<meta name=author content='"
		"'><p class=byline>"};
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		struct article metadata = read(pages[i], "not a url");
		CHECK_SIZE(pages[i], metadata.canonical_url.len + metadata.image_url.len, 0);
		done();
	}
	/* Nested as deep as jansson reads, and objects without end. */
	size_t len = 200000;
	char *long_page = malloc(len + 100);
	strcpy(long_page, "<script type=application/ld+json>");
	for (size_t at = strlen(long_page); at < len; at += 13)
		strcpy(long_page + at, "{\"@graph\":[{}");
	read(long_page, "");
	done();
	free(long_page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headlines_are_found),
		cmocka_unit_test(authors_are_found),
		cmocka_unit_test(dates_are_found),
		cmocka_unit_test(everything_else_is_found),
		cmocka_unit_test(hostile_pages_do_no_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
