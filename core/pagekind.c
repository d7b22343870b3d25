#include "pagekind.h"

#include "ascii.h"
#include "refresh.h"

#include <lexbor/dom/interfaces/character_data.h>
#include <lexbor/dom/interfaces/element.h>

enum {
	PARAGRAPH_CHARS = 120, /* of running text: less may be a teaser */
	FEW_CHARS = 500,
	HARDLY_CHARS = 150,
	INDEX_CHARS = 80,     /* of an index page's own text: a short article has more */
	OWN_CHARS = 25,       /* outside links: less counts as no text */
	LINKED_HEADLINES = 8, /* of an index page, at least */
	TEASER_CHARS = 500,   /* of an index page's longest paragraph, at most */
	TEASER_BLOCKS = 4,    /* from its headline, because a date and a name may come between */
	LOGIN_CHARS = 2000,   /* of a login page in all, at most */
	PHRASE_BYTES = 200,   /* of a title or block that are looked at */
};

/* Words in the title or first headline of error pages. */
static const char *const error_words[] = {
	"404",
	"403",
	"not found",
	"page not found",
	"no longer available",
	"does not exist",
	"doesn't exist",
	"cannot be found",
	"can't be found",
	"access denied",
	"forbidden",
	"nicht gefunden",
	"existiert nicht",
	"non trouvée",
	"introuvable",
	"n'existe pas",
	"no encontrada",
	"no existe",
	"non trovata",
	"não encontrada",
	"niet gevonden",
	"nie znaleziono",
	"не найдена",
	"見つかりません",
	"페이지를 찾을 수 없습니다",
	"找不到",
};

static const char *const login_words[] = {
	"log in",    "login",          "sign in",  "anmelden", "einloggen", "se connecter",
	"connexion", "iniciar sesión", "accedi",   "entrar",   "inloggen",  "zaloguj",
	"войти",     "вход",           "ログイン", "登录",
};

static const char *const search_words[] = {
	"search results",
	"results for",
	"suchergebnisse",
	"résultats de recherche",
	"resultados de la búsqueda",
	"risultati della ricerca",
	"resultados da pesquisa",
	"zoekresultaten",
	"wyniki wyszukiwania",
	"результаты поиска",
	"検索結果",
	"搜索结果",
};

static const char *const script_words[] = {
	"enable javascript",     "javascript is disabled", "javascript is required",
	"turn on javascript",    "requires javascript",    "javascript aktivieren",
	"activer javascript",    "habilite javascript",    "active javascript",
	"activa javascript",     "abilita javascript",     "включите javascript",
	"checking your browser", "verify you are human",   "are you a robot",
	"unusual traffic",
};

static bool has_word(struct span text, const char *const *words, size_t count)
{
	char lower[PHRASE_BYTES];
	size_t len = text.len < PHRASE_BYTES ? text.len : PHRASE_BYTES;
	for (size_t i = 0; i < len; i++)
		lower[i] = ascii_lower(text.at[i]);
	for (size_t i = 0; i < count; i++) {
		if (span_contains((struct span){lower, len}, span_of(words[i])))
			return true;
	}
	return false;
}

#define HAS_WORD(text, words) has_word((text), (words), COUNT(words))

/* What the page holds, counted. */
struct tally {
	size_t chars, paragraphs; /* of blocks that may belong to the article */
	size_t linked_headlines;
	size_t teasers, longest; /* paragraphs right after a linked headline; characters of the
				    longest paragraph */
	bool own;                /* a block that is no link */
};

static bool is_linked(const struct block *b)
{
	return b->link_chars * 5 > b->chars * 4;
}

/* A headline that links to another page; not one that links to itself, as in manuals. */
static bool is_linked_headline(const struct blocks *blocks, const struct block *b)
{
	const struct container *c = &blocks->containers[b->container];
	bool linked = b->link_chars * 4 > b->chars * 3; /* only `chars` counts the blanks */
	bool of_this_page = b->shared * 2 > b->words;   /* as in a thread: Re: and its title */
	if (!html_is_heading(c->tag) || !linked || b->words < 4 || of_this_page)
		return false;
	const lxb_dom_node_t *node = blocks->items[b->item].node;
	while (node != NULL && node != c->node && node->local_name != LXB_TAG_A)
		node = node->parent;
	if (node == NULL || node == c->node)
		return true;
	struct span url = html_attribute((const lxb_dom_element_t *)node, SPAN("href"));
	return url.len > 0 && url.at[0] != '#';
}

static void count_text(const struct blocks *blocks, const float *score, struct tally *t)
{
	size_t headline = SIZE_MAX / 2; /* the last linked one */
	for (size_t i = 0; i < blocks->len; i++) {
		const struct block *b = &blocks->at[i];
		bool linked = is_linked(b);
		if (is_linked_headline(blocks, b)) {
			headline = i;
			t->linked_headlines++;
		}
		t->own |= !linked && b->chars >= OWN_CHARS;
		if (score[i] <= 0 || linked)
			continue;
		t->chars += b->chars;
		if (b->chars < PARAGRAPH_CHARS || b->link_chars * 2 >= b->chars || b->stops == 0)
			continue;
		t->paragraphs++;
		t->teasers += i - headline <= TEASER_BLOCKS;
		t->longest = b->chars > t->longest ? b->chars : t->longest;
	}
}

/*
 * An index has headlines of other pages and hardly any text; if the page calls itself a site's or a
 * list's, also each with its teaser and no other text. A page that calls itself an article is no
 * index.
 */
static bool is_index(const struct tally *t, const struct declared *declared)
{
	if (t->linked_headlines < LINKED_HEADLINES || declares_article(declared))
		return false;
	const uint32_t others = DECLARED_OG_WEBSITE | DECLARED_LISTING | DECLARED_WEB_PAGE;
	bool says_so = (declared->kinds & others) != 0;
	bool only_teasers = t->teasers >= LINKED_HEADLINES && t->longest <= TEASER_CHARS &&
			    t->teasers * 5 >= t->paragraphs * 4;
	return t->chars < INDEX_CHARS || (says_so && only_teasers);
}

/* Does a block ask for scripts? Looking costs more than the other checks, but articles never get
 * here. */
static bool is_wall(const struct blocks *blocks)
{
	for (size_t i = 0; i < blocks->len; i++) {
		const struct block *b = &blocks->at[i];
		struct span text = {blocks->text + b->text_byte, b->text_len};
		if (b->chars < PHRASE_BYTES && HAS_WORD(text, script_words))
			return true;
	}
	return false;
}

/* Does a short headline, down to `lowest`, hold one of the words? */
static bool heading_has(const struct blocks *blocks, uint16_t lowest, const char *const *words,
			size_t count)
{
	for (size_t i = 0; i < blocks->len; i++) {
		const struct block *b = &blocks->at[i];
		uint16_t tag = blocks->containers[b->container].tag;
		struct span text = {blocks->text + b->text_byte, b->text_len};
		if (html_is_heading(tag) && tag <= lowest && b->words <= 12 &&
		    has_word(text, words, count))
			return true;
	}
	return false;
}

#define HEADING_HAS(blocks, lowest, words) heading_has((blocks), (lowest), (words), COUNT(words))

/* Is all that the page shows JSON, as browsers show a file of it? */
static bool is_data(const struct blocks *blocks)
{
	struct span text = {blocks->text, blocks->text_len};
	if (text.len < 4 || !ascii_is_in(text.at[0], "{[") ||
	    !ascii_is_in(text.at[text.len - 1], "}]"))
		return false;
	size_t second = 1 + (text.at[1] == ' ' || text.at[1] == '\n');
	return ascii_is_in(text.at[second], "{[\"") && span_contains(text, SPAN("\":"));
}

static bool asks_password(const struct html_page *page)
{
	const lxb_dom_node_t *root = lxb_dom_interface_node(page->document);
	lxb_dom_node_t *node = (lxb_dom_node_t *)root;
	while ((node = html_next(root, node, true)) != NULL) {
		if (node->local_name == LXB_TAG_INPUT && node->type == LXB_DOM_NODE_TYPE_ELEMENT &&
		    span_equal(html_attribute((const lxb_dom_element_t *)node, SPAN("type")),
			       SPAN("password")))
			return true;
	}
	return false;
}

const char *pagekind_not_article(const struct html_page *page, const struct blocks *blocks,
				 const float *score, struct pagekind *out)
{
	struct tally t = {0};
	*out = (struct pagekind){0};
	count_text(blocks, score, &t);
	if (is_data(blocks))
		return "data for programs";
	if (is_index(&t, &blocks->declared))
		return "a list of links to other pages";
	if (t.paragraphs >= 3)
		return NULL;
	size_t len = 0;
	const lxb_char_t *at = lxb_html_document_title(page->document, &len);
	struct span title = {(const char *)at, len};
	bool little = t.chars < FEW_CHARS;
	size_t all_chars = blocks->container_count == 0 ? 0 : blocks->containers[0].chars;
	if (little && t.paragraphs < 2 && is_wall(blocks))
		return "a page that asks for a browser with scripts";
	/* Error pages often lead on, too, but to what nobody asked for. */
	if (little &&
	    (HAS_WORD(title, error_words) || HEADING_HAS(blocks, LXB_TAG_H2, error_words)))
		return "an error page";
	out->little = little && t.paragraphs < 2;
	/* If a page has some text, its redirect in <noscript> does not count. */
	if (out->little && refresh_find(page, t.chars < HARDLY_CHARS, &out->leads_to))
		return "a page that only leads to another one";
	if (HAS_WORD(title, search_words) || HEADING_HAS(blocks, LXB_TAG_H2, search_words))
		return "a page of search results";
	/* Shops and the like hide login forms in pages about something else. */
	if (t.chars < HARDLY_CHARS && all_chars < LOGIN_CHARS &&
	    (HAS_WORD(title, login_words) || HEADING_HAS(blocks, LXB_TAG_H6, login_words)) &&
	    asks_password(page))
		return "a login page";
	if (t.chars == 0 && !t.own && all_chars < HARDLY_CHARS)
		return "a page without text of its own";
	return NULL;
}
