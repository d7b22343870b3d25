#include "ascii.h"
#include "boilerplate_rules.h"
#include "boilerplate_table.h"
#include "glyph.h"

/* The first or last bytes of a text, compared in one step: they rule out nearly all phrases. */
struct edge {
	uint64_t bytes; /* with 0x20 set, as in a phrase's: lower-case letters, but other bytes
			   change as well */
	unsigned bucket;
};
_Static_assert(PHRASE_EDGE == sizeof(uint64_t), "a phrase's edge is one word");

static inline unsigned low(char c)
{
	return (unsigned char)ascii_lower(c);
}

/* Most phrases are found by two bytes of their edge, many by four. */
static inline struct edge edge_of(const char bytes[PHRASE_EDGE], const char *key, unsigned key_len)
{
	unsigned hash = low(key[0]) * 21u + low(key[1]);
	if (key_len == 4)
		hash += low(key[2]) * 37u + low(key[3]) * 61u;
	struct edge edge = {.bucket = hash % PHRASE_BUCKETS};
	memcpy(&edge.bytes, bytes, sizeof edge.bytes);
	edge.bytes |= 0x2020202020202020u;
	return edge;
}

/* The first bytes of a text that has at least `key_len`. */
static inline struct edge head_of(struct span text, unsigned key_len)
{
	char few[PHRASE_EDGE] = {0};
	if (text.len >= sizeof few)
		return edge_of(text.at, text.at, key_len);
	memcpy(few, text.at, text.len);
	return edge_of(few, text.at, key_len);
}

static inline struct edge tail_of(struct span text, unsigned key_len)
{
	char few[PHRASE_EDGE] = {0};
	const char *end = text.at + text.len;
	if (text.len >= sizeof few)
		return edge_of(end - sizeof few, end - key_len, key_len);
	memcpy(few + sizeof few - text.len, text.at, text.len);
	return edge_of(few, end - key_len, key_len);
}

static bool is_phrase(const char *at, const struct phrase *phrase)
{
	for (size_t i = 0; i < phrase->len; i++)
		if (ascii_lower(at[i]) != phrase_pool[phrase->at + i])
			return false;
	return true;
}

static inline bool may_be(struct edge edge, const struct phrase *phrase)
{
	uint64_t bytes, mask;
	memcpy(&bytes, phrase->edge, sizeof bytes);
	memcpy(&mask, phrase->mask, sizeof mask);
	return (edge.bytes & mask) == bytes;
}

static inline bool begins_with(struct span text, struct edge head, const struct phrase *phrase)
{
	return may_be(head, phrase) && text.len >= phrase->len && is_phrase(text.at, phrase);
}

/* Length of the bullet, arrow, emoji or bracket that the text begins with; 0: none. */
static size_t bullet_len(struct span text)
{
	if (text.len == 0)
		return 0;
	unsigned char c = (unsigned char)text.at[0];
	if (ascii_is_letter((char)c)) /* most sentences */
		return 0;
	if (c < 0x80)
		return memchr(" \t\n\r-*>|([\"'.#", c, 14) != NULL;
	if (c == 0xE2)
		return 3;
	if (text.len < 4)
		return 0;
	unsigned char second = (unsigned char)text.at[1], third = (unsigned char)text.at[2];
	if (c == 0xF0 && second == 0x9F)
		return 4;
	/* The selector that turns a sign into an emoji, and East Asian brackets. */
	bool wide = (c == 0xEF && (second == 0xB8 || (second == 0xBC && third == 0x88))) ||
		    (c == 0xE3 && second == 0x80 && third >= 0x88 && third <= 0x90);
	return wide ? 3 : 0;
}

/* The text without bullets, arrows and brackets before the first word. */
struct span phrase_without_bullets(struct span text)
{
	for (size_t len; (len = bullet_len(text)) > 0;)
		text = span_slice(text, len, text.len);
	return text;
}

bool phrase_only_marks(struct span rest)
{
	for (size_t i = 0; i < rest.len; i++)
		if ((rest.at[i] & 0x80) != 0 || ascii_is_alnum(rest.at[i]))
			return false;
	return true;
}

bool phrase_ends_word(struct span text, size_t at)
{
	if (at >= text.len)
		return true;
	char before = text.at[at - 1], c = text.at[at];
	bool letter = ascii_is_letter(c) || (unsigned char)c >= 0xC3;
	bool letter_before = ascii_is_letter(before) || (before & 0x80) != 0;
	/* Scripts without spaces put characters next to anything. */
	return !letter || !letter_before || (unsigned char)text.at[0] >= 0xE3;
}

/* Does the phrase that the text begins with make it a line of the page? */
static bool phrase_tells(const struct phrase *phrase, struct span text, bool line, uint32_t words)
{
	const char *bytes = phrase_pool + phrase->at;
	if (!phrase_ends_word(text, phrase->len))
		return false;
	if (phrase->kind == PHRASE_WHOLE)
		return phrase_only_marks(span_slice(text, phrase->len, text.len));
	/* Any sentence may begin with one such word; few do with two or a colon. */
	bool telling = memchr(bytes, ' ', phrase->len) != NULL || bytes[phrase->len - 1] == ':' ||
		       (unsigned char)bytes[0] >= 0x80;
	return (line && words <= LINE_WORDS) || (telling && words <= SHORT_WORDS);
}

bool phrase_begins(struct span text, bool line, uint32_t words)
{
	if (text.len < 2)
		return false;
	struct edge head = head_of(text, 2);
	for (unsigned i = phrase_first[head.bucket]; i < phrase_first[head.bucket + 1]; i++)
		if (begins_with(text, head, &phrases[i]) &&
		    phrase_tells(&phrases[i], text, line, words))
			return true;
	return false;
}

/* Does it begin with one of the phrases in the buckets of `first`? */
static inline bool begins_with_one(struct span text, const uint16_t first[PHRASE_BUCKETS + 1])
{
	unsigned key_len = first == phrase_opening ? 4 : 2;
	if (text.len < key_len)
		return false;
	struct edge head = head_of(text, key_len);
	for (unsigned i = first[head.bucket]; i < first[head.bucket + 1]; i++)
		if (begins_with(text, head, &phrases[i]))
			return true;
	return false;
}

/* May one of the phrases that stand anywhere begin at `at`? The answer is no nearly everywhere, so
 * the processor predicts it; where each word ends, it does not. */
static inline bool may_start_inside(struct span text, size_t at)
{
	const unsigned char *byte = (const unsigned char *)text.at + at;
	if (byte[0] >= 0x80)
		return (byte[0] & 0xC0) != 0x80;
	if (text.len - at < 4)
		return false;
	uint32_t four = byte[0] | (uint32_t)byte[1] << 8 | (uint32_t)byte[2] << 16 |
			(uint32_t)byte[3] << 24;
	uint32_t bit = (four | 0x20202020) * 0x9E3779B1u >> (32 - PHRASE_START_BITS);
	return (phrase_inside_start[bit / 8] >> bit % 8 & 1) != 0;
}

/* Phrases that may stand anywhere begin at a word or with a mark. */
bool phrase_occurs(struct span text)
{
	for (size_t at = 0; at < text.len; at++)
		if (may_start_inside(text, at) &&
		    !(at > 0 && ascii_is_letter(text.at[at - 1]) && ascii_is_letter(text.at[at])) &&
		    begins_with_one(span_slice(text, at, text.len), phrase_inside))
			return true;
	return false;
}

static bool is_alnum(struct glyph glyph)
{
	return glyph_is_alnum(glyph.kind);
}

static bool ends_with(struct span text, struct edge tail, const struct phrase *phrase)
{
	if (!may_be(tail, phrase) || text.len < phrase->len)
		return false;
	size_t at = text.len - phrase->len;
	if (!is_phrase(text.at + at, phrase))
		return false;
	struct glyph first = glyph_at(text, at);
	return first.kind == GLYPH_LETTER || !is_alnum(glyph_before(text, at));
}

/* Does it end with a phrase, stops, brackets and signs aside? */
bool phrase_ends(struct span text)
{
	for (struct glyph last; !is_alnum(last = glyph_before(text, text.len)) && last.len > 0;)
		text.len -= last.len;
	if (text.len < 4)
		return false;
	struct edge tail = tail_of(text, 4);
	for (unsigned i = phrase_ending[tail.bucket]; i < phrase_ending[tail.bucket + 1]; i++)
		if (ends_with(text, tail, &phrases[i]))
			return true;
	return false;
}

bool phrase_opens(struct span text)
{
	return begins_with_one(text, phrase_opening);
}

bool phrase_credits(struct span text)
{
	return begins_with_one(text, phrase_credit);
}

size_t phrase_imprint_len(struct span text, unsigned nth)
{
	if (text.len < 2)
		return 0;
	struct edge head = head_of(text, 2);
	for (unsigned i = phrase_imprint[head.bucket]; i < phrase_imprint[head.bucket + 1]; i++)
		if (begins_with(text, head, &phrases[i]) && nth-- == 0)
			return phrases[i].len;
	return 0;
}
