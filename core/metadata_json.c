#include "metadata_facts.h"

#include "ascii.h"

#include <jansson.h>

/* Facts from schema.org's objects in JSON-LD. */

#define MAX_JSON_BYTES ((size_t)1024 * 1024)
#define MAX_JSON_BLOCKS 16
#define MAX_JSON_VALUES 512 /* objects and arrays looked into */
#define MAX_JSON_OPENERS                                                                           \
	20000 /* objects and arrays in all: each takes a hundred times its two bytes */
#define MAX_JSON_COMMAS 40000 /* values, each of twenty times its four bytes; prose has fewer */

static struct span json_text(struct arena *arena, const json_t *value)
{
	if (!json_is_string(value))
		return (struct span){0};
	struct span text = {json_string_value(value), json_string_length(value)};
	return facts_plain(arena, text, FACTS_MAX_TEXT_BYTES);
}

static bool type_has(const json_t *object, const char *part)
{
	const json_t *type = json_object_get(object, "@type");
	if (json_is_array(type))
		type = json_array_get(type, 0);
	return json_is_string(type) &&
	       ascii_contains(span_of(json_string_value(type)), span_of(part));
}

static bool is_article_type(const json_t *object)
{
	return type_has(object, "article") || type_has(object, "posting") ||
	       type_has(object, "report");
}

/* One or several names from a string, an object or an array of these. */
static struct span json_names(struct arena *arena, const json_t *value)
{
	char names[FACTS_MAX_TEXT_BYTES];
	size_t n = 0, count = json_is_array(value) ? json_array_size(value) : 1;
	for (size_t i = 0; i < count && i < 8; i++) {
		const json_t *one = json_is_array(value) ? json_array_get(value, i) : value;
		if (json_is_object(one))
			one = json_object_get(one, "name");
		if (json_is_array(one))
			one = json_array_get(one, 0);
		struct span name = json_text(arena, one);
		if (name.len == 0 || n + name.len + 2 > sizeof(names))
			continue;
		if (n > 0) {
			memcpy(names + n, ", ", 2);
			n += 2;
		}
		memcpy(names + n, name.at, name.len);
		n += name.len;
	}
	return facts_collapse(arena, (struct span){names, n}, FACTS_MAX_TEXT_BYTES);
}

static struct span json_image(struct arena *arena, const json_t *value)
{
	if (json_is_array(value))
		value = json_array_get(value, 0);
	if (json_is_object(value))
		value = json_object_get(value, "url");
	return json_text(arena, value);
}

/* An article's facts are better than a mere page's and replace them. */
static void read_article_object(struct facts *facts, const json_t *object)
{
	struct arena *arena = facts->arena;
	const json_t *body = json_object_get(object, "articleBody");
	if (facts->json_is_article && body == NULL)
		return; /* the page's first article is the one */
	facts->json_is_article = true;
	facts_set(&facts->titles[FROM_JSON], json_text(arena, json_object_get(object, "headline")));
	facts_set(&facts->byline[FROM_JSON], json_names(arena, json_object_get(object, "author")));
	facts_set(&facts->published[FROM_JSON],
		  json_text(arena, json_object_get(object, "datePublished")));
	facts_set(&facts->modified[FROM_JSON],
		  json_text(arena, json_object_get(object, "dateModified")));
	facts_set(&facts->description[FROM_MARKUP],
		  json_text(arena, json_object_get(object, "description")));
	facts_set(&facts->image[FROM_META], json_image(arena, json_object_get(object, "image")));
	facts_set(&facts->site_name[FROM_META],
		  json_names(arena, json_object_get(object, "publisher")));
	facts_set(&facts->language[FROM_META],
		  json_text(arena, json_object_get(object, "inLanguage")));
}

static void read_other_object(struct facts *facts, const json_t *object)
{
	struct arena *arena = facts->arena;
	if (type_has(object, "website") || type_has(object, "organization"))
		facts_set(&facts->site_name[FROM_LAST],
			  json_text(arena, json_object_get(object, "name")));
	if (type_has(object, "person"))
		facts_set(&facts->person, json_text(arena, json_object_get(object, "name")));
	if (type_has(object, "webpage") || type_has(object, "recipe") ||
	    type_has(object, "creativework"))
		facts_set(&facts->byline[FROM_META],
			  json_names(arena, json_object_get(object, "author")));
	if (type_has(object, "recipe"))
		facts_set(&facts->published[FROM_META],
			  json_text(arena, json_object_get(object, "datePublished")));
	if (!type_has(object, "webpage"))
		return;
	facts_set(&facts->published[FROM_LAST],
		  json_text(arena, json_object_get(object, "datePublished")));
	facts_set(&facts->modified[FROM_LAST],
		  json_text(arena, json_object_get(object, "dateModified")));
}

static bool is_bounded(struct span text)
{
	size_t openers = 0, commas = 0;
	for (size_t i = 0; i < text.len; i++) {
		openers += text.at[i] == '{' || text.at[i] == '[';
		commas += text.at[i] == ',';
	}
	return text.len <= MAX_JSON_BYTES && openers <= MAX_JSON_OPENERS &&
	       commas <= MAX_JSON_COMMAS;
}

/* Mend what search engines tolerate: raw line feeds and tabs in strings, and commas after the last
 * item. */
static struct span mend(struct arena *arena, struct span text)
{
	char *out = arena_alloc(arena, text.len, 1);
	size_t comma = SIZE_MAX; /* the last comma, if only white space has followed it */
	bool in_string = false;
	for (size_t i = 0; out != NULL && i < text.len; i++) {
		char c = (unsigned char)text.at[i] < ' ' ? ' ' : text.at[i];
		out[i] = c;
		if (in_string && c == '\\' && i + 1 < text.len) {
			i++;
			out[i] = text.at[i];
		} else if (c == '"') {
			in_string = !in_string;
			comma = SIZE_MAX;
		} else if (!in_string && c != ' ') {
			if ((c == ']' || c == '}') && comma != SIZE_MAX)
				out[comma] = ' ';
			comma = c == ',' ? i : SIZE_MAX;
		}
	}
	return (struct span){out, out == NULL ? 0 : text.len};
}

static json_t *load(struct arena *arena, struct span text)
{
	const size_t flags = JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL;
	json_t *root = json_loadb(text.at, text.len, flags, NULL);
	if (root != NULL || text.len == 0)
		return root;
	/* What jansson makes may live in the arena, too, behind the mended text. */
	struct span mended = mend(arena, text);
	return mended.len > 0 ? json_loadb(mended.at, mended.len, flags, NULL) : NULL;
}

/* All objects of the document, with an explicit stack. */
void facts_read_json(struct facts *facts, struct span text)
{
	const json_t *stack[MAX_JSON_VALUES];
	size_t depth = 0, seen = 0, i;
	if (!is_bounded(text) || facts->json_blocks++ >= MAX_JSON_BLOCKS)
		return;
	json_t *root = load(facts->arena, text);
	if (root != NULL)
		stack[depth++] = root;
	while (depth > 0 && seen++ < MAX_JSON_VALUES) {
		const json_t *value = stack[--depth], *child;
		const char *name;
		if (json_is_array(value)) {
			for (i = json_array_size(value); i-- > 0 && depth < MAX_JSON_VALUES;)
				stack[depth++] = json_array_get(value, i);
		} else if (json_is_object(value)) {
			if (is_article_type(value))
				read_article_object(facts, value);
			else
				read_other_object(facts, value);
			json_object_foreach((json_t *)(size_t)value, name, child)
			{
				bool graph = strcmp(name, "@graph") == 0 ||
					     strcmp(name, "mainEntity") == 0 ||
					     strcmp(name, "mainEntityOfPage") == 0;
				if (graph && depth < MAX_JSON_VALUES)
					stack[depth++] = child;
			}
		}
	}
	json_decref(root);
}
