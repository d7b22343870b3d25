#include "byline.h"

#include "ascii.h"

#define MAX_WRITTEN_WORDS 12

static bool is_among(struct span text, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (ascii_equal(text, span_of(words[i])))
			return true;
	return false;
}

/* Without May, which is a name as well. */
static const char *const months[] = {
	"january", "february", "march",    "april", "june", "july", "august", "september",
	"october", "november", "december", "jan",   "feb",  "mar",  "apr",    "jun",
	"jul",     "aug",      "sep",      "sept",  "oct",  "nov",  "dec"};

/* ---- what stands around a name -------------------------------------------------------------- */

/* "March 21", "Sept. 3" */
static bool begins_date(struct span rest)
{
	size_t letters = 0;
	while (letters < rest.len && ascii_is_letter(rest.at[letters]))
		letters++;
	return letters < rest.len && ascii_is_in(rest.at[letters], " .") &&
	       is_among(span_slice(rest, 0, letters), months, COUNT(months));
}

/* Does the name end at `at`, before a mark, a date or a label? */
static bool ends_name(struct span line, size_t at)
{
	static const char *const words[] = {
		"updated", "published",   "posted",  "view ",         "follow ",       "read more",
		"see ",    "is a ",       "is the ", "on ",           "in ",           "@",
		"- ",      "reviewed by", "(",       "\xE2\x80\x93 ", "\xE2\x80\x94 ", "\xC2\xBB"};
	struct span rest = span_slice(line, at, line.len);
	if (rest.at[0] == '|' || ascii_begins(rest, SPAN("\xC2\xB7")) ||
	    ascii_begins(rest, SPAN("\xE2\x80\xA2")))
		return true;
	if (line.at[at - 1] != ' ')
		return false;
	if (ascii_is_digit(rest.at[0]) || begins_date(rest))
		return true;
	for (size_t i = 0; i < COUNT(words); i++)
		if (words[i][0] == ascii_lower(rest.at[0]) && ascii_begins(rest, span_of(words[i])))
			return true;
	return false;
}

/* By first letter, because most texts of a page begin with none of them; NULL after the last. */
enum { MOST_LABELS = 11 };
static const char *const labels[26][MOST_LABELS] = {
	['a' - 'a'] = {"articles by", "article by", "af", "av", "authors", "author", "autoren",
		       "autorin", "autor", "auteur"},
	['b' - 'a'] = {"beitrag von", "beitragvon", "beitrag", "by"},
	['d' - 'a'] = {"di", "door"},
	['e' - 'a'] = {"eingestellt von", "erstellt von", "escrito por"},
	['g' - 'a'] = {"geschrieben von", "geschreven door"},
	['n' - 'a'] = {"name"},
	['p' - 'a'] = {"post author", "post", "posted by", "post by", "par", "por"},
	['s' - 'a'] = {"story by", "scritto da"},
	['t' - 'a'] = {"text by", "text"},
	['v' - 'a'] = {"verfasst von", "veröffentlicht von", "vom", "von"},
	['w' - 'a'] = {"written by", "words by"},
};

static bool is_mark(char c)
{
	return c == ' ' || c == ':' || c == '|' || c == '-' || c == '\0';
}

static struct span skip_marks(struct span line)
{
	while (line.len > 0 && is_mark(line.at[0]))
		line = span_slice(line, 1, line.len);
	return line;
}

/* A label at the beginning, or what comes before a name and after it: 0 where there is none. */
static size_t label_at(struct span line)
{
	if (line.len == 0 || !ascii_is_letter(line.at[0]))
		return 0;
	const char *const *label = labels[ascii_lower(line.at[0]) - 'a'];
	for (; *label != NULL; label++) {
		struct span one = span_of(*label);
		if (ascii_begins(line, one) &&
		    (line.len == one.len || ascii_is_in(line.at[one.len], " :|")))
			return one.len;
	}
	return 0;
}

/* Without marks at the end, and without the small word before a date that was cut off. */
static struct span trim_end(struct span line)
{
	static const char *const words[] = {" am", " on", " at", " in",
					    " um", " le", " el", " vom"};
	for (bool again = true; again;) {
		again = false;
		while (line.len > 0 && ascii_is_in(line.at[line.len - 1], " ,-/(|"))
			line.len--;
		for (size_t i = 0; i < COUNT(words); i++) {
			size_t len = strlen(words[i]);
			if (line.len > len && ascii_same(line.at + line.len - len, words[i], len)) {
				line.len -= len;
				again = true;
			}
		}
	}
	return line;
}

/* "Jane Doe, jane@paper.example" -> "Jane Doe,". */
static struct span without_address(struct span line)
{
	const char *at = line.len == 0 ? NULL : memchr(line.at, '@', line.len);
	size_t end = at == NULL ? 0 : (size_t)(at - line.at);
	while (end > 0 && line.at[end - 1] != ' ')
		end--;
	return end > 0 ? span_slice(line, 0, end) : line;
}

/* "Jane Doe, political editor" -> "Jane Doe". */
static struct span without_role(struct span line)
{
	static const char *const roles[] = {"editor",       "correspondent", "reporter",
					    "staff writer", "korrespondent", "redakteur"};
	for (size_t i = 1, next; i < line.len; i = next) {
		for (next = i + 1; next < line.len && line.at[next] != ','; next++)
			;
		if (line.at[i] == ',' &&
		    ascii_contains_any(span_slice(line, i, next), roles, COUNT(roles)))
			return span_slice(line, 0, i);
	}
	return line;
}

struct span byline_bare(struct span line)
{
	line = skip_marks(line);
	for (size_t len = label_at(line); len > 0 && len < line.len; len = label_at(line))
		line = skip_marks(span_slice(line, len, line.len));
	for (size_t i = 1; i < line.len; i++) {
		if (ends_name(line, i)) {
			line.len = i;
			break;
		}
	}
	return trim_end(without_role(without_address(line)));
}

/* ---- names ---------------------------------------------------------------------------------- */

/* Labels and fields of forms, found where a name is looked for. */
static bool is_label(struct span text)
{
	static const char *const parts[] = {"*",       ":",          "updated",   "publi", "posted",
					    "comment", "subscribe",  "full bio",  "share", "login",
					    "log in",  "written by", "read more", "follow"};
	static const char *const wholes[] = {"admin",          "about the author",
					     "sign",           "podcast",
					     "veröffentlicht", "administrator",
					     "no author",      "sign in",
					     "guest",          "last",
					     "about",          "may"};
	return ascii_contains_any(text, parts, COUNT(parts)) ||
	       is_among(text, wholes, COUNT(wholes)) || is_among(text, months, COUNT(months)) ||
	       label_at(text) == text.len;
}

static bool has_letter(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (ascii_is_letter(text.at[i]) || (text.at[i] & 0x80) != 0)
			return true;
	return false;
}

bool byline_may_be_name(struct span bare)
{
	return has_letter(bare) && bare.len >= 2 && bare.len <= BYLINE_MAX_BYTES &&
	       !ascii_contains(bare, SPAN("://")) && bare.at[0] != '/' &&
	       memchr(bare.at, '@', bare.len) == NULL && !is_label(bare);
}

/* "paper.example", without a space and with letters after its last dot. */
static bool is_host(struct span text)
{
	size_t end = text.len;
	while (end > 0 && ascii_lower(text.at[end - 1]) == text.at[end - 1] &&
	       ascii_is_letter(text.at[end - 1]))
		end--;
	return end > 1 && text.at[end - 1] == '.' && text.len - end >= 2 &&
	       memchr(text.at, ' ', text.len) == NULL;
}

enum byline_kind byline_kind(struct span bare, struct span site_name)
{
	bool in_lower = true;
	for (size_t i = 0; i < bare.len; i++)
		in_lower = in_lower && bare.at[i] != ' ' && (bare.at[i] & 0x80) == 0 &&
			   ascii_lower(bare.at[i]) == bare.at[i];
	if (is_host(bare) || (site_name.len >= 4 && ascii_contains(bare, site_name)) ||
	    (bare.len >= 4 && ascii_contains(site_name, bare)))
		return BYLINE_SITE;
	return in_lower ? BYLINE_ACCOUNT : BYLINE_NAME;
}

bool byline_is_first_name(struct span name, struct span other)
{
	return name.len > 0 && other.len > name.len && other.at[name.len] == ' ' &&
	       ascii_same(name.at, other.at, name.len) && memchr(name.at, ' ', name.len) == NULL;
}

bool byline_looks_written(struct span bare)
{
	static const char *const small[] = {"de",  "da",  "di", "del", "della", "van", "von", "der",
					    "den", "la",  "le", "al",  "bin",   "zu",  "of",  "the",
					    "and", "und", "et", "y",   "e",     "&"};
	size_t words = 0, begin = 0, large = 0;
	for (size_t i = 0; i <= bare.len; i++) {
		if (i < bare.len && bare.at[i] != ' ')
			continue;
		struct span word = span_slice(bare, begin, i);
		begin = i + 1;
		if (word.len == 0)
			continue;
		words++;
		bool upper = ascii_lower(word.at[0]) != word.at[0] || (word.at[0] & 0x80) != 0;
		large += upper;
		if (!upper && !is_among(word, small, COUNT(small)))
			return false;
	}
	return large > 0 && words <= MAX_WRITTEN_WORDS;
}

bool byline_is_lead(struct span text)
{
	static const char *const unsure[] = {"vom", "di", "af", "av", "text"};
	struct span line = skip_marks(text);
	size_t len = label_at(line);
	if (len == 0 || is_among(span_slice(line, 0, len), unsure, COUNT(unsure)))
		return false;
	struct span rest = span_slice(line, len, line.len);
	struct span name = skip_marks(rest);
	if (name.len == 0)
		return true;
	/* "By topic" is a menu: a single word needs an element of its own. */
	struct span bare = byline_bare(name);
	return (rest.at[0] == ':' || ascii_lower(line.at[0]) != 'a') &&
	       memchr(bare.at, ' ', bare.len) != NULL && byline_looks_written(bare);
}
