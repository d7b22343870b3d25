/* Where an article's text may be, other than in the visible page: AMP, <noscript>, data of
 * scripts. */
#include "check.h"
#include "extract_check.h"

#include "core/extract.h"
#include "core/pagedata.h"
#include "core/utf8.h"

#define FIRST                                                                                      \
	"The bridge stays closed for six weeks, the council said on Monday, for its bearings "     \
	"cracked."
#define SECOND                                                                                     \
	"Engineers found the damage in March while they were at work on the lamps of its eastern " \
	"end."
#define THIRD                                                                                      \
	"Buses go round by the old mill, which adds eleven minutes to the way to school for many."
#define BODY "<p>" FIRST "<p>" SECOND "<p>" THIRD
#define STATE                                                                                      \
	"<title>Bridge closed</title><div id=root><div>Loading</div></div><script "                \
	"type=application/json>"

static const struct {
	const char *name, *html;
	const char *text; /* all of it; "" where there is no article */
	bool partial;
} pages[] = {
	{"AMP: what its elements show is no text",
	 "<html amp><body><amp-sidebar><ul><li><a href=/>Home</a><li><a href=/s>Sport</a></ul>"
	 "</amp-sidebar><article><amp-img src=a><noscript><img src=a></noscript></amp-img>" BODY
	 "<amp-ad><div placeholder>Advertisement</div></amp-ad><amp-social-share>Share"
	 "</amp-social-share></article><amp-consent><div>We use cookies. Accept all cookies or "
	 "change your settings.</div></amp-consent><amp-list><template type=amp-mustache><a>"
	 "{{title}}</a></template></amp-list>",
	 FIRST "\n\n" SECOND "\n\n" THIRD, false},
	{"AMP by its sign, a part for subscribers in the page",
	 "<html \xE2\x9A\xA1><article><p>" FIRST
	 "<section amp-access=subscriber amp-access-hide><p>" SECOND "<p>" THIRD
	 "</section></article>",
	 FIRST "\n\n" SECOND "\n\n" THIRD, false},
	{"AMP accordion",
	 "<html amp><article><amp-accordion><section expanded><div>" BODY
	 "</div></section></amp-accordion></article>",
	 FIRST "\n\n" SECOND "\n\n" THIRD, false},
	{"<noscript> holds the article",
	 "<div id=root></div><noscript><article>" BODY "</article></noscript>",
	 FIRST "\n\n" SECOND "\n\n" THIRD, false},
	{"<noscript> holds a wall",
	 "<div id=root></div><noscript>You need to enable JavaScript to run this app.</noscript>",
	 "", false},
	{"articleBody, with references and markup",
	 "<script type=application/ld+json>{\"@type\":\"NewsArticle\",\"articleBody\":\"<p>" FIRST
	 "<\\/p><p>" SECOND
	 "&nbsp;Salt &amp; pepper&#39;s, &#x27;salt&#X2019;, &#x; &#g;.\"}</script>",
	 FIRST "\n\n" SECOND " Salt & pepper's, 'salt\u2019, &#x; &#g;.", false},
	{"articleBody with all line feeds there are",
	 "<script type=application/ld+json>{\"articleBody\":\"" FIRST "\r\n\r\n" SECOND "\r" THIRD
	 "\"}</script>",
	 FIRST "\n\n" SECOND "\n\n" THIRD, false},
	{"state: one text as HTML",
	 STATE "{\"page\":{\"content\":\"<p>" FIRST "</p><p>" SECOND
	       "</p>\",\"url\":\"/a\"}}</script>",
	 FIRST "\n\n" SECOND, false},
	{"state: a text a paragraph, beside a menu",
	 STATE "{\"menu\":[{\"text\":\"Home\"},{\"text\":\"Sport\"}],\"body\":[{\"type\":\"p\","
	       "\"text\":\"" FIRST "\"},{\"type\":\"p\",\"text\":\"" SECOND
	       "\"},{\"type\":\"p\",\"text\":\"" THIRD "\"}]}</script>",
	 FIRST "\n\n" SECOND "\n\n" THIRD, false},
	{"state: keys without quotes, escaped markup",
	 "<div id=root></div><script>window.__NUXT__={data:[{body:\"\\u003Cp\\u003E" FIRST
	 "\\u003C\\u002Fp\\u003E\\u003Cp\\u003E" SECOND "\\u003C\\u002Fp\\u003E\"}]}</script>",
	 FIRST "\n\n" SECOND, false},
	{"state: other names are no text",
	 STATE "{\"consent\":\"" FIRST " " SECOND " " THIRD "\"}</script>", "Loading", false},
	{"a script of code is no state",
	 "<div id=root></div><script>var a = {text: \"" FIRST " " SECOND " " THIRD "\"}</script>",
	 "", false},
	{"an escape before any character",
	 "<script type=application/ld+json>{\"articleBody\":\"" FIRST " " SECOND " " THIRD
	 " \\\xC3\xA9\\\xF0\x9F\x98\x80\\\"\"}</script>",
	 FIRST " " SECOND " " THIRD " \xC3\xA9\xF0\x9F\x98\x80\"", false},
	{"half a pair of surrogates before another escape",
	 "<script type=application/ld+json>{\"articleBody\":\"" FIRST " " SECOND " " THIRD
	 " \\ud83d\\u0041pproved \\ud83d\\ude00 \\u12é \\u00e9\"}</script>",
	 FIRST " " SECOND " " THIRD " \uFFFDApproved \U0001F600 \uFFFD12é é", false},
	{"a teaser by its data",
	 "<script "
	 "type=application/ld+json>{\"isAccessibleForFree\":false}</script><article><p>" FIRST
	 "<p>" SECOND "</article>",
	 FIRST "\n\n" SECOND, true},
	{"a teaser by its words",
	 "<article><p>" FIRST "<p>" SECOND
	 "</article><div>To continue reading, subscribe now for one crown a week.</div>",
	 FIRST "\n\n" SECOND, true},
	{"a teaser that breaks off",
	 "<article><p>" FIRST "<p>" SECOND " And then \xE2\x80\xA6</article>",
	 FIRST "\n\n" SECOND " And then \xE2\x80\xA6", true},
};

static void text_is_found(void **state)
{
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		struct arena arena;
		struct article article;
		struct span html = span_of(pages[i].html);
		arena_init(&arena, 16 << 20);
		enum extract_status status = extract_article(&arena, html, (struct span){NULL, 0},
							     false, NULL, &article);
		CHECK_SPAN(pages[i].name, article.text, span_of(pages[i].text));
		CHECK(pages[i].name,
		      status == (pages[i].text[0] == '\0' ? EXTRACT_NO_ARTICLE : EXTRACT_OK));
		CHECK(pages[i].name, article.partial == pages[i].partial);
		CHECK(pages[i].name, utf8_check(article.text) == article.text.len);
		if (status == EXTRACT_OK)
			CHECK(pages[i].name, extract_fault(html, &article) == NULL);
		arena_free(&arena);
	}
}

static const struct {
	const char *text, *plain;
} references[] = {
	{"Q&amp;A", "Q&A"},
	{"Redacci&oacute;n, &Uuml;ber, &yuml;", "Redacción, Über, ÿ"},
	{"&bdquo;Ja&ldquo; &euro;5&nbsp;Mio.", "„Ja“ €5 Mio."},
	{"Donau&shy;dampf", "Donaudampf"},
	{"&#8217;&#x2019;&#X1F600;&#x10FFFF;", "\u2019\u2019\U0001F600\U0010FFFF"},
	{"&amp;amp;", "&amp;"},
	{"&;&#;&#x;&#g;&#x110000;&#xD800;&#7;&Amp;&nosuchname;& amp;",
	 "&;&#;&#x;&#g;&#x110000;&#xD800;&#7;&Amp;&nosuchname;& amp;"},
};

static void references_are_resolved(void **state)
{
	for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++) {
		char *text = strdup(references[i].text);
		assert_non_null(text);
		struct span plain = {text, pagedata_resolve(text, strlen(text))};
		CHECK_SPAN(references[i].text, plain, span_of(references[i].plain));
		free(text);
	}
}

/* Nothing may be readable after the end of a string. */
static void a_reference_that_is_cut_off_is_none(void **state)
{
	static const char *const whole[] = {"&amp;", "&#65;", "&#x41;", "&hellip;"};
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		for (size_t len = 1; len < strlen(whole[i]); len++) {
			char *at = malloc(len);
			assert_non_null(at);
			memcpy(at, whole[i], len);
			CHECK_SIZE(whole[i], pagedata_resolve(at, len), len);
			free(at);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(text_is_found),
					   cmocka_unit_test(references_are_resolved),
					   cmocka_unit_test(a_reference_that_is_cut_off_is_none)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
