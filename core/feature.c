#include "feature.h"

#include "ascii.h"
#include "boilerplate.h"
#include "letters.h"
#include "marks.h"
#include "utf8.h"

#include <math.h>

enum {
	LEAD = 3, /* sentences that open the text */
	NOWHERE = UINT32_MAX,
};

/* One content term of one sentence; a sentence's entries are neighbours. */
struct entry {
	uint32_t term;
	float weight; /* tf-idf; the sentence's vector has length 1 */
};

/* What the loops over entries need of a term, together so that one memory access gets all of it. */
struct word {
	float idf;
	float sum;            /* over the vectors added so far */
	float topic;          /* log2 of its count */
	uint32_t repeats;     /* number of sentences with it, if more than one */
	float opening;        /* its weight in the first sentence */
	uint32_t first, last; /* first and last sentence with it */
	uint32_t stamp;       /* scratch */
};

/* Counts of one sentence from its tokens and the marks between them. */
struct surface {
	uint32_t content, numbers, names, self, you, report, claim, pronouns, commas, content_bytes;
	bool quote, bracket, colon;
};

struct work {
	const struct score_input *input;
	struct features *out;
	size_t n;        /* sentences */
	uint32_t *prose; /* indices of those that are not lines of the page */
	uint32_t prose_len;
	bool *is_prose;
	struct entry *entry;  /* of all sentences */
	uint32_t *first;      /* sentence i has the entries [first[i], first[i + 1]) */
	uint32_t *content;    /* terms of all content tokens, sentence by sentence */
	uint32_t *content_at; /* sentence i has those from content_at[i] to content_at[i + 1] */
	struct word *word;    /* of each distinct term */
	float *before;        /* of each sentence: the product with the sum of those before it */
	float *all;           /* and with the sum of all */
	float *flow;          /* of the random walk */
};

/* log2, the same on every machine: exponent and a polynomial that is exact at powers of two
 * and off by less than 0.0002 between them. */
static float log2_of(float x)
{
	uint32_t bits;
	memcpy(&bits, &x, sizeof bits);
	float exponent = (float)((int)(bits >> 23) - 127);
	bits = (bits & 0x7FFFFF) | 0x3F800000;
	memcpy(&x, &bits, sizeof x);
	x -= 1;
	float curve = 1.4385481f + x * (-0.6779885f + x * (0.3218538f + x * -0.0824134f));
	return exponent + x * curve;
}

static float clamp(float x, float low, float high)
{
	return x < low ? low : x > high ? high : x;
}

/* For sums over unpredictable conditions: a masked addition costs a tenth of a mispredicted
 * branch. */
static inline uint32_t mask_of(bool condition)
{
	return 0 - (uint32_t)condition;
}

static inline float float_if(bool condition, float x)
{
	uint32_t bits;
	memcpy(&bits, &x, sizeof bits);
	bits &= mask_of(condition);
	memcpy(&x, &bits, sizeof x);
	return x;
}

static const struct term *term_of(const struct work *w, uint32_t token)
{
	return &w->input->terms->distinct[w->input->terms->token[token].term];
}

/* ----------------------------------------------------------------- surface */

static void look_between(struct span between, struct surface *s)
{
	for (size_t at = 0; at < between.len; at++) {
		unsigned char c = (unsigned char)between.at[at];
		s->commas += c == ',';
		s->bracket |= c == '(';
		s->colon |= c == ':' || c == ';';
		s->quote |= c == '"' ||
			    (c == 0xC2 && at + 1 < between.len &&
			     (between.at[at + 1] == '\xAB' || between.at[at + 1] == '\xBB'));
		if (c >= 0xE2 && c <= 0xEF && at + 2 < between.len) {
			uint32_t mark;
			at += utf8_decode(between, at, &mark) - 1;
			s->quote |= marks_is_quote(mark);
			s->commas += mark == 0xFF0C || mark == 0x3001;
			s->bracket |= mark == 0xFF08;
			s->colon |= mark == 0xFF1A || mark == 0xFF1B;
		}
	}
}

/* A term's eight flags are counted in the eight bytes of one number, which overflow after so many
 * tokens. */
enum { COUNTED_AT_ONCE = 255 };

/* 1 in the byte of each flag that is set. */
static inline uint64_t count_flags(uint8_t flags)
{
	uint64_t bits = flags * 0x0101010101010101u & 0x8040201008040201u;
	return (bits + 0x7F7F7F7F7F7F7F7Fu) >> 7 & 0x0101010101010101u;
}

static inline uint32_t counted(uint64_t counts, unsigned flag)
{
	return counts >> 8 * (unsigned)__builtin_ctz(flag) & 0xFF;
}

static inline void add_counts(uint64_t counts, struct surface *s)
{
	s->numbers += counted(counts, TERM_NUMBER);
	s->self += counted(counts, TERM_SELF);
	s->you += counted(counts, TERM_YOU);
	s->report += counted(counts, TERM_REPORT);
	s->claim += counted(counts, TERM_CLAIM);
	s->pronouns += counted(counts, TERM_PRONOUN);
}

/* Half the tokens are function words, unpredictably: so content words are counted and gathered
 * without a branch, once for everything that needs them. Per-token counters stay out of `s`, which
 * look_between() may write to. */
static struct surface look(struct work *w, size_t i)
{
	const struct terms *terms = w->input->terms;
	struct span text = w->input->text;
	struct surface s = {.content = 0};
	const struct token *token = terms->token + terms->first[i],
			   *end_token = terms->token + terms->first[i + 1], *opening = token;
	uint32_t last_end = w->input->sentences->at[i].start_byte;
	uint32_t *content = w->content + w->content_at[i];
	uint32_t content_count = 0, content_bytes = 0, names = 0;
	while (token < end_token) {
		uint64_t counts = 0;
		const struct token *end_counting =
			end_token - token > COUNTED_AT_ONCE ? token + COUNTED_AT_ONCE : end_token;
		for (; token < end_counting; token++) {
			uint32_t start = token->start_byte, term = token->term;
			uint8_t flags = terms->distinct[term].flags;
			/* Most words are separated by one space; pairs of characters overlap. */
			if ((start != last_end + 1 || text.at[last_end] != ' ') && start > last_end)
				look_between(span_slice(text, last_end, start), &s);
			last_end = token->end_byte;
			uint32_t is_content = !(flags & TERM_STOP);
			content[content_count] = term;
			content_count += is_content;
			content_bytes += (last_end - start) & mask_of(is_content);
			names += letters_is_capital(text.at + start);
			counts += count_flags(flags);
		}
		add_counts(counts, &s);
	}
	if (opening < end_token) /* the first word's capital says nothing */
		names -= letters_is_capital(text.at + opening->start_byte);
	s.content = content_count;
	s.content_bytes = content_bytes;
	s.names = names;
	size_t end = w->input->sentences->at[i].end_byte;
	if (last_end < end)
		look_between(span_slice(text, last_end, end), &s);
	w->content_at[i + 1] = w->content_at[i] + s.content;
	w->out->content[i] = s.content;
	w->out->quotes[i] = s.quote;
	return s;
}

static float share(uint32_t part, uint32_t whole)
{
	return whole == 0 ? 0 : (float)part / (float)whole;
}

static void surface_features(struct work *w, size_t i)
{
	const struct terms *terms = w->input->terms;
	float *f = memset(w->out->at[i], 0, sizeof w->out->at[i]);
	struct span text = score_text(w->input, i);
	struct surface s = look(w, i);
	uint32_t tokens = terms->first[i + 1] - terms->first[i];
	float words = (float)terms->words[i];
	uint8_t opening = tokens > 0 ? term_of(w, terms->first[i])->flags : 0;
	char mark = marks_final(text);

	f[FEATURE_LENGTH] = log2_of(1 + words) / 6;
	f[FEATURE_SHORT] = clamp(1 - words / 8, 0, 1);
	f[FEATURE_LONG] = clamp(words / 25 - 1, 0, 2);
	f[FEATURE_CONTENT] = share(s.content, tokens);
	f[FEATURE_WORD_SIZE] = clamp(share(s.content_bytes, s.content) / 16, 0, 1);
	f[FEATURE_NUMBERS] = clamp((float)s.numbers / 3, 0, 1);
	f[FEATURE_NAMES] = share(s.names, tokens);
	f[FEATURE_QUOTE] = s.quote;
	f[FEATURE_QUESTION] = mark == '?';
	f[FEATURE_EXCLAMATION] = mark == '!';
	f[FEATURE_BRACKET] = s.bracket;
	f[FEATURE_COMMAS] = clamp((float)s.commas / 4, 0, 1);
	f[FEATURE_COLON] = s.colon;
	f[FEATURE_OPENS_PRONOUN] = (opening & TERM_PRONOUN) != 0;
	f[FEATURE_OPENS_CONNECTIVE] = (opening & TERM_CONNECTIVE) != 0;
	f[FEATURE_OPENS_SELF] = (opening & TERM_SELF) != 0;
	f[FEATURE_OPENS_QUOTE] =
		tokens > 0 &&
		terms->token[terms->first[i]].start_byte > w->input->sentences->at[i].start_byte &&
		s.quote && (text.at[0] == '"' || (unsigned char)text.at[0] >= 0xC2);
	f[FEATURE_OPENS_LOWER] = ascii_is_lower(text.at[0]);
	f[FEATURE_SELF] = clamp((float)s.self / 2, 0, 1);
	f[FEATURE_YOU] = clamp((float)s.you / 2, 0, 1);
	f[FEATURE_REPORT] = clamp((float)s.report / 2, 0, 1);
	f[FEATURE_CLAIM] = clamp((float)s.claim / 3, 0, 1);
	f[FEATURE_SELF_CLAIM] = s.self > 0 && s.claim > 0;
	f[FEATURE_PRONOUNS] = clamp(share(s.pronouns, tokens) * 4, 0, 1);
	f[FEATURE_NO_STOP] = mark == 0;
	f[FEATURE_LIST_ITEM] = w->input->sentences->at[i].kind == SENTENCE_LIST_ITEM;
}

/* ---------------------------------------------------------------- position */

static void position_features(struct work *w)
{
	const struct sentence *at = w->input->sentences->at;
	for (uint32_t p = 0; p < w->prose_len; p++) {
		uint32_t i = w->prose[p];
		float *f = w->out->at[i];
		f[FEATURE_POSITION] = 1 / (1 + (float)p);
		f[FEATURE_DEPTH] = (float)p / (float)w->prose_len;
		f[FEATURE_RANK] = log2_of(1 + (float)p) / 8;
		f[FEATURE_FIRST] = p == 0;
		f[FEATURE_SECOND] = p == 1;
		f[FEATURE_THIRD] = p == 2;
		f[FEATURE_ENDING] = 1 / (float)(w->prose_len - p);
		f[FEATURE_AFTER_HEADING] = i > 0 && at[i - 1].kind == SENTENCE_HEADING;
		f[FEATURE_AFTER_QUESTION] = i > 0 && w->out->at[i - 1][FEATURE_QUESTION] > 0;
		f[FEATURE_NEXT_PRONOUN] =
			i + 1 < w->n && w->out->at[i + 1][FEATURE_OPENS_PRONOUN] > 0;
	}
}

/* ----------------------------------------------------------------- vectors */

/* Most terms are rare: the logarithms of small counts are computed once. */
enum { SMALL_COUNTS = 16 };

static void weigh_terms(struct work *w)
{
	const struct terms *terms = w->input->terms;
	float idf[SMALL_COUNTS] = {0}, log[SMALL_COUNTS] = {0};
	for (uint32_t i = 1; i < SMALL_COUNTS; i++) {
		idf[i] = log2_of(1 + (float)w->prose_len / (float)i);
		log[i] = log2_of((float)i);
	}
	for (size_t t = 0; t < terms->distinct_count; t++) {
		const struct term *term = &terms->distinct[t];
		uint32_t in = term->sentence_count;
		w->word[t] = (struct word){
			.idf = in < SMALL_COUNTS ? idf[in]
						 : log2_of(1 + (float)w->prose_len / (float)in),
			.topic = term->count < SMALL_COUNTS ? log[term->count]
							    : log2_of((float)term->count),
			.repeats = in & mask_of(in > 1),
			.first = NOWHERE,
			.last = term->last_sentence,
			.stamp = NOWHERE,
		};
	}
}

/* The sentence's content terms and their tf-idf weights. */
static uint32_t find_entries(struct work *w, uint32_t i, uint32_t len)
{
	uint32_t start = len, end = w->content_at[i + 1];
	for (uint32_t k = w->content_at[i]; k < end; k++) {
		uint32_t term = w->content[k];
		struct word *word = &w->word[term];
		if (word->stamp - start < len - start) { /* an entry of this sentence */
			w->entry[word->stamp].weight += 0.5f * word->idf;
			continue;
		}
		word->stamp = len;
		word->first = word->first < i ? word->first : i;
		w->entry[len++] = (struct entry){term, word->idf};
	}
	return len;
}

/* Normalizes the entries to a vector of length 1 and adds it to the sum; returns its product with
 * the sum before. */
static float add_vector(struct work *w, uint32_t start, uint32_t end)
{
	float square = 0, product = 0;
	for (uint32_t e = start; e < end; e++)
		square += w->entry[e].weight * w->entry[e].weight;
	float scale = square > 0 ? 1 / sqrtf(square) : 0;
	for (uint32_t e = start; e < end; e++) {
		float *sum = &w->word[w->entry[e].term].sum;
		float weight = w->entry[e].weight * scale;
		w->entry[e].weight = weight;
		product += weight * *sum;
		*sum += weight;
	}
	return product;
}

static void build_vectors(struct work *w)
{
	uint32_t len = 0;
	for (uint32_t i = 0; i < w->n; i++) {
		w->first[i] = len;
		if (!w->is_prose[i])
			continue;
		len = find_entries(w, i, len);
		w->before[i] = add_vector(w, w->first[i], len);
	}
	w->first[w->n] = len;
}

/* -------------------------------------------------------------- centrality */

/* How much of the text's content is repeated? Returns the numbers of sentences with such terms,
 * summed. */
static uint64_t find_repeats(struct work *w)
{
	const struct terms *terms = w->input->terms;
	uint64_t repeated = 0;
	uint32_t content = 0, returning = 0;
	for (size_t t = 0; t < terms->distinct_count; t++) {
		const struct term *term = &terms->distinct[t];
		uint32_t counts = term->count & mask_of(!(term->flags & TERM_STOP));
		content += counts;
		returning += counts & mask_of(term->sentence_count > 1);
		repeated += w->word[t].repeats & mask_of(counts > 0);
	}
	w->out->document[DOCUMENT_REPEATS] = share(returning, content);
	return repeated;
}

/* Marks the terms of the opening with a bit for each of its sentences, so that each can be compared
 * with the others. */
static void mark_opening(struct work *w)
{
	for (size_t t = 0; t < w->input->terms->distinct_count; t++)
		w->word[t].stamp = 0;
	for (uint32_t p = 0; p < w->prose_len && p < LEAD; p++)
		for (uint32_t e = w->first[w->prose[p]]; e < w->first[w->prose[p] + 1]; e++) {
			struct word *word = &w->word[w->entry[e].term];
			word->stamp |= 1u << p;
			word->opening = p == 0 ? w->entry[e].weight : word->opening;
		}
}

static void term_features(struct work *w)
{
	uint64_t repeated = find_repeats(w);
	mark_opening(w);
	for (uint32_t p = 0; p < w->prose_len; p++) {
		uint32_t i = w->prose[p], others = 7u & ~(p < LEAD ? 1u << p : 0);
		float *f = w->out->at[i];
		float all = 0, topic = 0, lead = 0, said = 0;
		uint64_t covered = 0, launch = 0;
		uint32_t size = w->first[i + 1] - w->first[i], fresh = 0, back = 0;
		for (uint32_t e = w->first[i]; e < w->first[i + 1]; e++) {
			const struct word *word = &w->word[w->entry[e].term];
			float weight = w->entry[e].weight;
			bool first = word->first == i;
			uint32_t again = word->repeats > 1 ? word->repeats - 1 : 0;
			all += weight * word->sum;
			topic += word->topic;
			covered += word->repeats;
			launch += (again < 4 ? again : 4) & mask_of(first);
			fresh += first;
			back += word->last > i;
			lead += weight * word->opening;
			said += float_if(word->stamp & others, weight * weight);
		}
		w->all[i] = all;
		f[FEATURE_TOPIC] = size == 0 ? 0 : clamp(topic / (float)size / 4, 0, 1);
		f[FEATURE_COVER] = repeated > 0 ? (float)covered / (float)repeated : 0;
		f[FEATURE_NEW] = share(fresh, size);
		f[FEATURE_LAUNCH] = clamp((float)launch / (4 * (float)(size + 2)), 0, 1);
		f[FEATURE_RETURN] = share(back, size);
		f[FEATURE_LEAD] = p > 0 ? lead : 0;
		f[FEATURE_LEAD_SHARE] = said; /* weights are squared: a sentence's add up to 1 */
	}
}

/* Turns a product with a sum of vectors into one with its direction. */
static float cosine(float product, double square)
{
	return square > 0 && product > 0 ? clamp(product / sqrtf((float)square), 0, 1) : 0;
}

/* What a sentence has in common with all others: similarity is a product of vectors, so the sum of
 * its similarities is its product with the sum of the vectors; likewise for the sentences before
 * and after it. The squares of these sums are updated from the products, from either end. */
static void centrality_features(struct work *w)
{
	double square = 0, before = 0, behind_square = 0;
	for (uint32_t p = 0; p < w->prose_len; p++)
		square += (double)w->all[w->prose[p]];
	float scale = 4 / (float)(w->prose_len > 1 ? w->prose_len - 1 : 1);
	for (uint32_t p = 0; p < w->prose_len; p++) {
		uint32_t i = w->prose[p];
		float *f = w->out->at[i];
		float own = w->first[i] < w->first[i + 1];
		f[FEATURE_CENTROID] = cosine(w->all[i], square);
		f[FEATURE_BACKWARD] = w->before[i] * scale;
		f[FEATURE_SEEN] = cosine(w->before[i], before);
		before += 2 * (double)w->before[i] + (double)own; /* with this one */
	}
	for (uint32_t p = w->prose_len; p-- > 0;) {
		uint32_t i = w->prose[p];
		float *f = w->out->at[i];
		float own = w->first[i] < w->first[i + 1];
		float behind = w->all[i] - w->before[i] - own;
		behind = behind > 0 ? behind : 0; /* rounding */
		f[FEATURE_FORWARD] = behind * scale;
		f[FEATURE_ECHOED] = cosine(behind, behind_square);
		behind_square += 2 * (double)behind + (double)own;
	}
}

/* LexRank without a threshold: PageRank with damping 0.85 on the similarities themselves. Only the
 * first step is made, because later ones change the order of few sentences. The outflow of all
 * sentences is gathered in the sums of the terms. */
static void random_walk(struct work *w)
{
	for (size_t t = 0; t < w->input->terms->distinct_count; t++)
		w->word[t].sum = 0;
	for (uint32_t p = 0; p < w->prose_len; p++) {
		uint32_t i = w->prose[p];
		float degree = w->all[i] - 1;
		float flow = degree > 0.0001f ? 0.85f / degree : 0;
		w->flow[i] = flow;
		for (uint32_t e = w->first[i]; e < w->first[i + 1]; e++)
			w->word[w->entry[e].term].sum += flow * w->entry[e].weight;
	}
	for (uint32_t p = 0; p < w->prose_len; p++) {
		uint32_t i = w->prose[p];
		float inflow = 0;
		for (uint32_t e = w->first[i]; e < w->first[i + 1]; e++)
			inflow += w->entry[e].weight * w->word[w->entry[e].term].sum;
		w->out->at[i][FEATURE_RANDOM_WALK] = clamp((0.15f + inflow - w->flow[i]) / 3, 0, 1);
	}
}

/* ---------------------------------------------------------------- headline */

static void title_features(struct arena *arena, struct work *w)
{
	struct term_match title;
	terms_match(arena, w->input->stems, w->input->terms, w->input->language, w->input->title,
		    false, &title);
	w->out->document[DOCUMENT_TITLE] = w->input->title.len > 0;
	if (title.len == 0)
		return;
	for (size_t t = 0; t < w->input->terms->distinct_count; t++)
		w->word[t].stamp = 0;
	float whole = 0;
	for (size_t k = 0; k < title.len; k++) {
		w->word[title.term[k]].stamp = 1;
		whole += w->word[title.term[k]].idf;
	}
	for (uint32_t p = 0; p < w->prose_len; p++) {
		uint32_t i = w->prose[p];
		float covered = 0, said = 0;
		for (uint32_t e = w->first[i]; e < w->first[i + 1]; e++) {
			const struct word *word = &w->word[w->entry[e].term];
			float weight = w->entry[e].weight;
			covered += word->stamp ? word->idf : 0;
			said += word->stamp ? weight * weight : 0;
		}
		w->out->at[i][FEATURE_TITLE_COVER] = whole > 0 ? covered / whole : 0;
		w->out->at[i][FEATURE_TITLE_SHARE] = said;
	}
}

/* ---------------------------------------------------------------- document */

/* Features whose means over the prose are needed below. */
static const enum feature averaged[] = {
	FEATURE_LENGTH, FEATURE_CENTROID, FEATURE_TOPIC,  FEATURE_COVER,
	FEATURE_SELF,   FEATURE_YOU,      FEATURE_REPORT, FEATURE_CLAIM,
	FEATURE_QUOTE,  FEATURE_QUESTION, FEATURE_NAMES,  FEATURE_NUMBERS,
};

static void find_means(const struct work *w, float mean[FEATURE_COUNT])
{
	enum { AVERAGED = COUNT(averaged) };
	float sum[AVERAGED] = {0};
	for (uint32_t p = 0; p < w->prose_len; p++)
		for (size_t k = 0; k < AVERAGED; k++)
			sum[k] += w->out->at[w->prose[p]][averaged[k]];
	for (size_t k = 0; k < AVERAGED; k++)
		mean[averaged[k]] = sum[k] / (float)w->prose_len;
}

static void standard_scores(struct work *w, const float mean[FEATURE_COUNT])
{
	static const struct {
		enum feature from, to;
	} pair[] = {{FEATURE_LENGTH, FEATURE_LENGTH_Z},
		    {FEATURE_CENTROID, FEATURE_CENTROID_Z},
		    {FEATURE_TOPIC, FEATURE_TOPIC_Z},
		    {FEATURE_COVER, FEATURE_COVER_Z}};
	enum { PAIRS = COUNT(pair) };
	float deviation[PAIRS] = {0};
	for (uint32_t p = 0; p < w->prose_len; p++)
		for (size_t k = 0; k < PAIRS; k++) {
			float d = w->out->at[w->prose[p]][pair[k].from] - mean[pair[k].from];
			deviation[k] += d * d;
		}
	for (size_t k = 0; k < PAIRS; k++)
		deviation[k] = sqrtf(deviation[k] / (float)w->prose_len);
	for (uint32_t p = 0; p < w->prose_len; p++)
		for (size_t k = 0; k < PAIRS; k++) {
			float *f = w->out->at[w->prose[p]],
			      d = f[pair[k].from] - mean[pair[k].from];
			f[pair[k].to] = deviation[k] > 0.0001f ? clamp(d / deviation[k], -3, 3) : 0;
		}
}

static void document_features(struct work *w, const float mean[FEATURE_COUNT])
{
	float *d = w->out->document;
	const float *lead = w->out->at[w->prose[0]];
	d[DOCUMENT_SENTENCES] = log2_of((float)w->prose_len) / 8;
	d[DOCUMENT_LENGTH] = mean[FEATURE_LENGTH];
	d[DOCUMENT_SELF] = mean[FEATURE_SELF];
	d[DOCUMENT_YOU] = mean[FEATURE_YOU];
	d[DOCUMENT_REPORT] = mean[FEATURE_REPORT];
	d[DOCUMENT_CLAIM] = mean[FEATURE_CLAIM];
	d[DOCUMENT_QUOTE] = mean[FEATURE_QUOTE];
	d[DOCUMENT_QUESTION] = mean[FEATURE_QUESTION];
	d[DOCUMENT_NO_PROSE] = 1 - share(w->prose_len, (uint32_t)w->n);
	d[DOCUMENT_NAMES] = mean[FEATURE_NAMES];
	d[DOCUMENT_NUMBERS] = mean[FEATURE_NUMBERS];
	d[DOCUMENT_LEAD_CENTRAL] = lead[FEATURE_CENTROID_Z] / 3;
	d[DOCUMENT_LEAD_LAUNCH] = lead[FEATURE_LAUNCH];
	d[DOCUMENT_LEAD_TITLE] = lead[FEATURE_TITLE_COVER];
	d[DOCUMENT_SPACED] = w->input->language->spaced;
	size_t asked = w->input->asked;
	d[DOCUMENT_ASKED] = asked == 0 ? 1.0f / 3 : asked > 3 ? 2.0f / 3 : 1 / (float)asked;
}

/* --------------------------------------------------------------- the stage */

static bool is_label(const struct work *w, uint32_t i)
{
	return w->input->sentences->at[i].kind == SENTENCE_LABEL;
}

static bool has_word(const struct work *w, uint32_t i)
{
	const struct terms *terms = w->input->terms;
	for (uint32_t k = terms->first[i]; k < terms->first[i + 1]; k++)
		if (!(term_of(w, k)->flags & TERM_NUMBER))
			return true;
	return false;
}

/* Lists the sentences that are prose; false if there are none. */
static bool list_prose(struct work *w)
{
	for (uint32_t i = 0; i < w->n; i++)
		if (w->is_prose[i])
			w->prose[w->prose_len++] = i;
	return w->prose_len > 0;
}

/* If a text has nothing but lines of the page, they are the article: those with words, or else
 * all of them; but never a label, such as a speaker's name. */
static void find_prose(struct work *w)
{
	boilerplate_find(w->input, w->is_prose);
	for (uint32_t i = 0; i < w->n; i++)
		w->is_prose[i] = !w->is_prose[i];
	if (list_prose(w))
		return;
	for (uint32_t i = 0; i < w->n; i++)
		w->is_prose[i] = !is_label(w, i) && has_word(w, i);
	if (list_prose(w))
		return;
	for (uint32_t i = 0; i < w->n; i++)
		w->is_prose[i] = !is_label(w, i);
	list_prose(w);
}

static bool prepare(struct arena *arena, struct work *w)
{
	const struct terms *terms = w->input->terms;
	size_t n = w->n;
	w->prose = arena_alloc(arena, n, sizeof *w->prose);
	w->is_prose = arena_alloc(arena, n, sizeof *w->is_prose);
	w->first = arena_alloc(arena, n + 1, sizeof *w->first);
	w->content = arena_alloc(arena, terms->token_count + 1, sizeof *w->content);
	w->content_at = arena_zalloc(arena, n + 1, sizeof *w->content_at);
	w->entry = arena_alloc(arena, terms->token_count, sizeof *w->entry);
	w->word = arena_alloc(arena, terms->distinct_count, sizeof *w->word);
	w->before = arena_zalloc(arena, n, sizeof *w->before);
	w->all = arena_zalloc(arena, n, sizeof *w->all);
	w->flow = arena_alloc(arena, n, sizeof *w->flow);
	return !arena->failed;
}

void feature_compute(struct arena *arena, const struct score_input *input, struct features *out)
{
	struct work w = {.input = input, .out = out, .n = input->sentences->len};
	*out = (struct features){.at = arena_alloc(arena, w.n, sizeof *out->at),
				 .content = arena_alloc(arena, w.n, sizeof *out->content),
				 .quotes = arena_alloc(arena, w.n, sizeof *out->quotes)};
	if (arena->failed || w.n == 0)
		return;
	struct arena_mark mark = arena_mark(arena);
	float mean[FEATURE_COUNT];
	if (prepare(arena, &w)) {
		find_prose(&w);
		for (size_t i = 0; i < w.n; i++)
			surface_features(&w, i);
		position_features(&w);
		weigh_terms(&w);
		build_vectors(&w);
		term_features(&w);
		centrality_features(&w);
		random_walk(&w);
		title_features(arena, &w);
		find_means(&w, mean);
		standard_scores(&w, mean);
		document_features(&w, mean);
		out->len = w.n;
	}
	if (arena->failed)
		out->len = 0;
	else
		arena_rewind(arena, mark);
}
