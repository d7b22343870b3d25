#include "byline.h"

#include "ascii.h"
#include "bylines_table.h"
#include "utf8.h"

#include <stdint.h>
#include <utf8proc.h>

#define MAX_WRITTEN_WORDS 12
#define MAX_CASELESS_WORDS 5

static bool is_among(struct span text, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (ascii_equal(text, span_of(words[i])))
			return true;
	return false;
}

/* In lower case within names. */
static const char *const small_words[] = {"de",  "da",  "di", "del", "della", "van", "von", "der",
					  "den", "la",  "le", "al",  "bin",   "zu",  "of",  "the",
					  "and", "und", "et", "y",   "e",     "&",   "og",  "och",
					  "ve",  "ja",  "do", "dos", "das",   "и",   "та",  "και"};

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
		"updated", "published",     "posted",        "view ",
		"follow ", "read more",     "see ",          "is a ",
		"is the ", "on ",           "in ",           "@",
		"- ",      "reviewed by",   "edited by",     "editing by",
		"(",       "\xE2\x80\x93 ", "\xE2\x80\x94 ", "\xC2\xBB"};
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

/* How long a mark between a label and a name is at `at`; 0 where there is none. A slash is one
 * behind letters without case: paths are not written in them. */
static size_t mark_at(struct span line, size_t at, bool of_ascii)
{
	static const char *const wide[] = {"：", "／", "｜", "・", "︱"};
	if (at >= line.len)
		return 0;
	if (line.at[at] == ':' || line.at[at] == '|')
		return 1;
	if (!of_ascii && line.at[at] == '/')
		return 1;
	for (size_t i = 0; i < COUNT(wide); i++)
		if (span_begins(span_slice(line, at, line.len), span_of(wide[i])))
			return strlen(wide[i]);
	return 0;
}

static bool is_mark(char c)
{
	return c == ' ' || c == ':' || c == '|' || c == '-' || c == '\0';
}

static struct span skip_marks(struct span line)
{
	while (line.len > 0 && is_mark(line.at[0]))
		line = span_slice(line, 1, line.len);
	if (span_begins(line, SPAN("（")) || span_begins(line, SPAN("【")))
		line = span_slice(line, 3, line.len);
	return line;
}

/* What a line begins with, before a name. */
struct lead {
	const struct label *label; /* NULL: nothing that says so */
	size_t len;                /* of the label and of marks and spaces behind it */
	bool is_marked;
};

/* "記者陳大文／台北報導": does a slash end a short name? */
static bool ends_in_slash(struct span rest)
{
	const size_t longest_name = 4 * 3;
	for (size_t i = 0; i < rest.len && i <= longest_name; i++) {
		if ((rest.at[i] & 0x80) == 0 ||
		    span_begins(span_slice(rest, i, rest.len), SPAN("／")))
			return i > 3 && (rest.at[i] == '/' || (rest.at[i] & 0x80) != 0);
	}
	return false;
}

static struct span label_text(const struct label *label)
{
	return (struct span){label_pool + label->at, label->len};
}

static struct lead lead_of(struct span line)
{
	if (line.len == 0)
		return (struct lead){0};
	unsigned char byte = (unsigned char)ascii_lower(line.at[0]);
	for (size_t i = label_first[byte]; i < label_first[byte + 1]; i++) {
		struct span text = label_text(&labels[i]);
		if (!ascii_begins(line, text))
			continue;
		size_t at = text.len, mark = 0;
		while (at < line.len && line.at[at] == ' ')
			at++;
		struct lead lead = {&labels[i], at, false};
		bool of_ascii = (text.at[text.len - 1] & 0x80) == 0;
		while ((mark = mark_at(line, lead.len, of_ascii)) > 0 ||
		       (lead.len < line.len && is_mark(line.at[lead.len]))) {
			lead.is_marked |= mark > 0;
			lead.len += mark > 0 ? mark : 1;
		}
		bool is_apart = lead.is_marked || at > text.len || at == line.len;
		if (labels[i].kind == LABEL_FIELD ? lead.is_marked : is_apart)
			return lead;
		if (labels[i].kind == LABEL_NEAR && ends_in_slash(span_slice(line, at, line.len)))
			return lead;
	}
	return (struct lead){0};
}

static bool is_label_alone(struct span text)
{
	struct lead lead = lead_of(text);
	return lead.label != NULL && lead.len == text.len;
}

/* Without marks at the end, and without the small word before a date that was cut off. */
static struct span trim_end(struct span line)
{
	static const char *const words[] = {" am", " on", " at", " in",
					    " um", " le", " el", " vom"};
	for (bool again = true; again;) {
		again = false;
		while (line.len > 0 && ascii_is_in(line.at[line.len - 1], " ,;-/(|"))
			line.len--;
		/* A footnote's; "Name *" is a field of a form. */
		if (line.len > 1 && line.at[line.len - 1] == '*' &&
		    ascii_is_upper(line.at[line.len - 2]))
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
		struct span part = span_slice(line, i, next);
		if (line.at[i] == ',' && (ascii_contains_any(part, roles, COUNT(roles)) ||
					  (!byline_looks_written(span_slice(part, 1, part.len)) &&
					   byline_looks_written(span_slice(line, 0, i)))))
			return span_slice(line, 0, i);
	}
	return line;
}

/* Is a name in one of the scripts of East Asia, which need no space in it? */
static bool has_ideographs(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.at[i] >= 0xE3 && (unsigned char)text.at[i] <= 0xED)
			return true;
	return false;
}

/* Two words, the last one no "and", or a name that needs no space. */
static bool is_whole_name(struct span name)
{
	const char *space = name.len == 0 ? NULL : memrchr(name.at, ' ', name.len);
	if (space == NULL)
		return has_ideographs(name);
	struct span last = span_slice(name, (size_t)(space - name.at) + 1, name.len);
	return !is_among(last, small_words, COUNT(small_words));
}

/* "Jane Doe Photos: Jo Roe" -> "Jane Doe": the last word before a colon is a label. */
static struct span without_label(struct span line)
{
	for (size_t i = 1; i < line.len; i++) {
		bool wide = span_begins(span_slice(line, i, line.len), SPAN("："));
		if (!wide && (line.at[i] != ':' || (i + 1 < line.len && line.at[i + 1] != ' ')))
			continue;
		while (i > 0 && line.at[i - 1] != ' ')
			i--;
		struct span name = trim_end(span_slice(line, 0, i));
		return is_whole_name(name) ? name : line;
	}
	return line;
}

/* Behind a label, what ends a name that is written without spaces. */
static struct span without_rest(struct span line)
{
	static const char *const ends[] = {"／", "（", "）", "，",   "。",
					   "；", "】", "(",  "报道", "報導"};
	for (size_t i = 1; i < line.len; i++) {
		if ((line.at[i - 1] & 0x80) == 0 && line.at[i - 1] != ' ')
			continue;
		for (size_t k = 0; k < COUNT(ends); k++)
			if (span_begins(span_slice(line, i, line.len), span_of(ends[k])))
				return span_slice(line, 0, i);
	}
	return line;
}

/* Koreans write what somebody is behind the name. */
static const char *const korean_titles[] = {"선임기자", "전문기자", "객원기자", "인턴기자",
					    "수습기자", "기자",     "특파원",   "논설위원"};

static struct span without_korean_title(struct span line)
{
	const size_t shortest_name = 2 * 3;
	for (size_t i = 0; i < COUNT(korean_titles); i++) {
		struct span title = span_of(korean_titles[i]);
		if (line.len >= title.len + shortest_name && span_ends(line, title))
			return trim_end(span_slice(line, 0, line.len - title.len));
	}
	return line;
}

struct span byline_bare(struct span line)
{
	line = skip_marks(line);
	struct lead lead = lead_of(line);
	if (lead.len < line.len && lead.label != NULL) {
		for (; lead.label != NULL && lead.len < line.len; lead = lead_of(line))
			line = span_slice(line, lead.len, line.len);
		line = without_rest(line);
	}
	for (size_t i = 1; i < line.len; i++) {
		if (ends_name(line, i)) {
			line.len = i;
			break;
		}
	}
	line = trim_end(without_role(without_address(without_label(line))));
	return without_korean_title(line);
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
	       is_label_alone(text);
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

/* Is it a letter of a script that has no capitals: Arabic, Chinese, Hebrew, Thai … */
static bool is_caseless(uint32_t c)
{
	return c >= 0x80 && utf8proc_category((utf8proc_int32_t)c) == UTF8PROC_CATEGORY_LO;
}

bool byline_looks_written(struct span bare)
{
	size_t words = 0, begin = 0, large = 0, caseless = 0;
	for (size_t i = 0; i <= bare.len; i++) {
		if (i < bare.len && bare.at[i] != ' ')
			continue;
		struct span word = span_slice(bare, begin, i);
		begin = i + 1;
		if (word.len == 0)
			continue;
		words++;
		uint32_t c;
		utf8_decode(word, 0, &c);
		bool is_small = utf8proc_toupper((utf8proc_int32_t)c) != (utf8proc_int32_t)c;
		bool upper = ascii_is_upper(word.at[0]) || (c >= 0x80 && !is_small);
		large += upper;
		caseless += is_caseless(c);
		if (!upper && !is_among(word, small_words, COUNT(small_words)))
			return false;
	}
	return large > 0 && words <= (caseless == words ? MAX_CASELESS_WORDS : MAX_WRITTEN_WORDS);
}

/* "it" or "it-IT" among "it ro" */
static bool has_language(struct span tags, struct span language)
{
	size_t len = 0;
	while (len < language.len && ascii_is_letter(language.at[len]))
		len++;
	language.len = len;
	for (size_t begin = 0, end; begin < tags.len; begin = end + 1) {
		for (end = begin; end < tags.len && tags.at[end] != ' '; end++)
			;
		if (ascii_equal(span_slice(tags, begin, end), language))
			return true;
	}
	return false;
}

/* "Jane Doe, Staff Writer", "Jane Doe | Senior Editor | May 2" */
static struct span signed_with_role(struct span text)
{
	static const char *const roles[] = {"writer",          "reporter",    "correspondent",
					    "editor",          "contributor", "journalist",
					    "redakteur",       "redakteurin", "korrespondent",
					    "korrespondentin", "columnist"};
	const size_t longest = 80;
	if (text.len == 0 || text.len > longest || !ascii_is_upper(text.at[0]))
		return (struct span){0};
	const char *mark = memchr(text.at, '|', text.len);
	size_t end = mark == NULL ? text.len : (size_t)(mark - text.at);
	const char *comma = memchr(text.at, ',', end);
	if (mark == NULL && comma == NULL)
		return (struct span){0};
	end = comma == NULL ? end : (size_t)(comma - text.at);
	struct span name = trim_end(span_slice(text, 0, end));
	struct span role = skip_marks(span_slice(text, end + 1, text.len));
	const char *close = role.len == 0 ? NULL : memchr(role.at, '|', role.len);
	if (close != NULL)
		role = span_slice(role, 0, (size_t)(close - role.at));
	role = trim_end(role);
	const char *space = role.len == 0 ? NULL : memrchr(role.at, ' ', role.len);
	if (space != NULL)
		role = span_slice(role, (size_t)(space - role.at) + 1, role.len);
	bool is_name = memchr(name.at, ' ', name.len) != NULL && byline_looks_written(name);
	return is_name && is_among(role, roles, COUNT(roles)) ? name : (struct span){0};
}

struct span byline_from_label(struct span text)
{
	if (text.len == 0 || (memchr(text.at, ':', text.len) == NULL &&
			      memchr(text.at, 0xEF, text.len) == NULL)) /* no wide one either */
		return text;
	for (size_t colon = 0; colon < text.len; colon++) {
		bool wide = span_begins(span_slice(text, colon, text.len), SPAN("："));
		size_t at = colon;
		if (text.at[colon] != ':' && !wide)
			continue;
		while (at > 0 && text.at[at - 1] != ' ')
			at--;
		if (at < 2 || ascii_is_letter(text.at[at - 2]) || (text.at[at - 2] & 0x80) != 0)
			continue; /* "Image author:" */
		struct span from = span_slice(text, at, text.len);
		struct lead lead = lead_of(from);
		if (lead.label != NULL && lead.label->kind != LABEL_MARKUP)
			return from;
	}
	return text;
}

bool byline_may_lead(struct span text)
{
	struct span line = skip_marks(text);
	if (line.len == 0)
		return false;
	unsigned char byte = (unsigned char)ascii_lower(line.at[0]);
	bool begins = byte >= 0xEA || byte == '[' || byte == '('; /* Hangul */
	begins |= byline_from_label(text).len < text.len;
	begins |= signed_with_role(line).len > 0;
	for (size_t i = label_first[byte]; i < label_first[byte + 1] && !begins; i++)
		begins = ascii_begins(line, label_text(&labels[i]));
	return begins;
}

/* Does the line go on after the name, up to a full stop: "By the River Thames, people waited."? */
static bool is_clause(struct span line, struct span bare)
{
	size_t end = (size_t)(bare.at + bare.len - line.at);
	return end < line.len && line.at[end] == ',' && line.at[line.len - 1] == '.';
}

enum byline_lead byline_lead(struct span text, struct span language)
{
	struct span line = skip_marks(text);
	struct lead lead = lead_of(line);
	if (lead.label == NULL || lead.label->kind == LABEL_MARKUP)
		return BYLINE_NO_LEAD;
	struct span tags = {label_pool + lead.label->languages_at, lead.label->languages_len};
	bool of_language = lead.label->kind == LABEL_IN;
	if (of_language && !has_language(tags, language))
		return BYLINE_NO_LEAD;
	enum byline_lead found = of_language ? BYLINE_LINE : BYLINE_LEAD;
	struct span name = span_slice(line, lead.len, line.len);
	if (name.len == 0)
		return found;
	/* "By topic" is a menu: a single word needs an element of its own,
	 * or more than a small word before it: "Posted by Jane". */
	struct span bare = byline_bare(name);
	bool of_words = memchr(label_text(lead.label).at, ' ', lead.label->len) != NULL;
	const char *comma = bare.len == 0 ? NULL : memchr(bare.at, ',', bare.len);
	size_t of_first = comma != NULL ? (size_t)(comma - bare.at) : bare.len;
	bool is_name = of_words || has_ideographs(bare) ||
		       (of_first > 0 && memchr(bare.at, ' ', of_first) != NULL);
	if ((lead.label->kind == LABEL_NAMED && !lead.is_marked) || !is_name ||
	    !byline_looks_written(bare) || (!lead.is_marked && is_clause(line, bare)))
		return BYLINE_NO_LEAD;
	/* Without capitals, "by the storm" looks like "by Jane Doe". */
	uint32_t c;
	utf8_decode(bare, 0, &c);
	return is_caseless(c) && !lead.is_marked && found == BYLINE_LEAD ? BYLINE_PART : found;
}

/* Two to four syllables of Hangul, as names have; 0 for anything else. */
static size_t hangul_name(struct span text)
{
	size_t at = 0, syllables = 0;
	while (at < text.len) {
		uint32_t c;
		size_t len = utf8_decode(text, at, &c);
		if (c < 0xAC00 || c > 0xD7A3)
			break;
		at += len;
		syllables++;
	}
	return syllables <= 4 ? at : 0;
}

struct span byline_signed(struct span text)
{
	const size_t whole_name = 3 * 3;
	struct span with_role = signed_with_role(text);
	if (with_role.len > 0)
		return with_role;
	if (text.len == 0 || ((text.at[0] & 0x80) == 0 && !ascii_is_in(text.at[0], "[(")))
		return (struct span){0};
	const char *close = !ascii_is_in(text.at[0], "[(")
				    ? NULL
				    : memchr(text.at, text.at[0] == '[' ? ']' : ')', text.len);
	if (close != NULL)
		text = span_slice(text, (size_t)(close - text.at) + 1, text.len);
	text = skip_marks(text);
	for (size_t i = 0; i < COUNT(korean_titles) && text.len > 0; i++) {
		const char *found =
			memmem(text.at, text.len, korean_titles[i], strlen(korean_titles[i]));
		if (found == NULL)
			continue;
		struct span name = span_slice(text, 0, (size_t)(found - text.at));
		struct span rest =
			skip_marks(span_slice(text, name.len + strlen(korean_titles[i]), text.len));
		name = trim_end(name);
		bool is_end = rest.len == 0 || rest.at[0] == '=' || rest.at[0] == '(' ||
			      memchr(rest.at, '@', rest.len) != NULL;
		bool is_name =
			name.len > 0 && hangul_name(name) == name.len &&
			(name.len == whole_name || (rest.len > 0 && name.len >= 2 * 3 && is_end));
		if (is_name && is_end && !span_ends(name, SPAN("부"))) /* a department */
			return name;
		return (struct span){0};
	}
	return (struct span){0};
}
