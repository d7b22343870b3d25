#include "feature.h"

#include "boilerplate.h"
#include "marks.h"
#include "utf8.h"

#include <math.h>

enum {
	BLOCK = 128,    /* sentences between which similarity is computed */
	WALK_STEPS = 3, /* of the random walk; it has converged for ranking by then */
	LEAD = 3,
	NO_TERM = UINT32_MAX,
};

/* One content term of one sentence; a sentence's entries are neighbours. */
struct entry {
	uint32_t term;
	float weight;  /* tf-idf, the sentence's vector has length 1 */
	uint32_t next; /* an earlier entry of the same term in this block, plus one */
	uint32_t row;  /* its sentence, counted within the block */
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
	uint32_t *prose; /* their indices without lines of the page */
	uint32_t prose_len;
	bool *is_prose;
	struct entry *entry;  /* of all sentences */
	uint32_t *first;      /* sentence i has the entries [first[i], first[i + 1]) */
	uint32_t *content;    /* terms of all content tokens, sentence by sentence */
	uint32_t *content_at; /* sentence i has those from content_at[i] to content_at[i + 1] */
	float *idf;           /* of each distinct term */
	uint32_t *first_seen; /* sentence in which a term first stands */
	uint32_t *stamp;      /* of each term; scratch */
	float *centroid;      /* of each term */
	uint32_t *head;       /* newest entry of a term in this block, plus one */
	float *similarity;    /* of a block's sentences: symmetric, 0 on the diagonal and behind */
	uint32_t stride;      /* of its rows: whole lanes */
	float *walk;          /* 2 × BLOCK */
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

/* For sums over what nobody can guess: a masked addition costs a tenth of a branch gone wrong. */
static inline uint32_t mask_of(bool condition)
{
	return 0 - (uint32_t)condition;
}

static const struct term *term_of(const struct work *w, uint32_t token)
{
	return &w->input->terms->distinct[w->input->terms->token[token].term];
}

static struct span sentence_text(const struct work *w, size_t i)
{
	const struct sentence *sentence = &w->input->sentences->at[i];
	return span_slice(w->input->text, sentence->start_byte, sentence->end_byte);
}

/* ----------------------------------------------------------------- surface */

/* Latin, Greek, Cyrillic and Armenian capitals by their UTF-8 bytes; near enough for a feature. */
static bool is_capital(const char *at)
{
	unsigned char c = (unsigned char)at[0];
	if (c < 0xC3)
		return c >= 'A' && c <= 'Z';
	unsigned char d = (unsigned char)at[1];
	return (c == 0xC3 && d < 0x9F) || (c == 0xCE && d >= 0x86 && d <= 0xA9) ||
	       (c == 0xD0 && d < 0xB0) || (c == 0xD4 && d >= 0xB1) || (c == 0xD5 && d < 0x97);
}

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

static void count_flags(uint8_t flags, struct surface *s)
{
	s->numbers += (flags & TERM_NUMBER) != 0;
	s->self += (flags & TERM_SELF) != 0;
	s->you += (flags & TERM_YOU) != 0;
	s->report += (flags & TERM_REPORT) != 0;
	s->claim += (flags & TERM_CLAIM) != 0;
	s->pronouns += (flags & TERM_PRONOUN) != 0;
}

/* Half the tokens are function words, and nothing tells beforehand which: the content words are
 * counted and gathered without a branch on it, once for all that looks at them. */
static struct surface look(struct work *w, size_t i)
{
	const struct terms *terms = w->input->terms;
	struct span text = w->input->text;
	struct surface s = {.content = 0};
	const struct token *token = terms->token + terms->first[i],
			   *end_token = terms->token + terms->first[i + 1], *opening = token;
	uint32_t last_end = w->input->sentences->at[i].start_byte;
	uint32_t *content = w->content + w->content_at[i];
	for (; token < end_token; token++) {
		uint32_t gap = token->start_byte - last_end;
		uint8_t flags = terms->distinct[token->term].flags;
		/* Between most words is one space; pairs of characters overlap. */
		if (!(gap == 1 && text.at[last_end] == ' ') && token->start_byte > last_end)
			look_between(span_slice(text, last_end, token->start_byte), &s);
		last_end = token->end_byte;
		bool is_content = !(flags & TERM_STOP);
		content[s.content] = token->term;
		s.content += is_content;
		s.content_bytes += (token->end_byte - token->start_byte) & mask_of(is_content);
		s.names += (token > opening) & is_capital(text.at + token->start_byte);
		if (flags > TERM_STOP)
			count_flags(flags, &s);
	}
	size_t end = w->input->sentences->at[i].end_byte;
	if (last_end < end)
		look_between(span_slice(text, last_end, end), &s);
	w->content_at[i + 1] = w->content_at[i] + s.content;
	return s;
}

static float share(uint32_t part, uint32_t whole)
{
	return whole == 0 ? 0 : (float)part / (float)whole;
}

static void surface_features(struct work *w, size_t i)
{
	const struct terms *terms = w->input->terms;
	float *f = w->out->at[i];
	struct span text = sentence_text(w, i);
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
	f[FEATURE_OPENS_LOWER] = text.at[0] >= 'a' && text.at[0] <= 'z';
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

static void paragraph_features(struct work *w)
{
	const struct sentence *at = w->input->sentences->at;
	uint32_t number = 0;
	for (uint32_t p = 0; p < w->prose_len;) {
		uint32_t end = p + 1;
		while (end < w->prose_len &&
		       at[w->prose[end]].paragraph == at[w->prose[p]].paragraph)
			end++;
		float size = log2_of((float)(end - p)) / 4;
		for (uint32_t k = p; k < end; k++) {
			float *f = w->out->at[w->prose[k]];
			f[FEATURE_PARAGRAPH_FIRST] = k == p;
			f[FEATURE_PARAGRAPH_LAST] = k + 1 == end;
			f[FEATURE_PARAGRAPH_SIZE] = clamp(size, 0, 1);
			f[FEATURE_PARAGRAPH] = 1 / (1 + (float)number);
		}
		number++;
		p = end;
	}
	w->out->document[DOCUMENT_PARAGRAPHS] = share(number, w->prose_len);
}

/* ----------------------------------------------------------------- vectors */

/* Most terms are rare: the logarithms of small counts are worked out once. */
enum { SMALL_COUNTS = 16 };

static void small_logs(float log[SMALL_COUNTS])
{
	log[0] = 0;
	for (unsigned i = 1; i < SMALL_COUNTS; i++)
		log[i] = log2_of((float)i);
}

static float idf_of(const struct work *w, uint32_t sentence_count)
{
	return log2_of(1 + (float)w->prose_len / (float)sentence_count);
}

static void weigh_terms(struct work *w)
{
	const struct terms *terms = w->input->terms;
	float small[SMALL_COUNTS] = {0};
	for (uint32_t i = 1; i < SMALL_COUNTS; i++)
		small[i] = idf_of(w, i);
	for (size_t t = 0; t < terms->distinct_count; t++) {
		uint32_t count = terms->distinct[t].sentence_count;
		w->idf[t] = count < SMALL_COUNTS ? small[count] : idf_of(w, count);
	}
}

/* The sentence's content terms with tf-idf weights, as a vector of length 1, which is added to the
 * centroid. */
static uint32_t vector_of(struct work *w, uint32_t i, uint32_t len)
{
	uint32_t start = len;
	for (uint32_t k = w->content_at[i]; k < w->content_at[i + 1]; k++) {
		uint32_t t = w->content[k];
		if (w->stamp[t] - start < len - start) { /* an entry of this sentence */
			w->entry[w->stamp[t]].weight += 0.5f * w->idf[t];
			continue;
		}
		w->stamp[t] = len;
		w->entry[len++] = (struct entry){.term = t, .weight = w->idf[t]};
		w->first_seen[t] = w->first_seen[t] < i ? w->first_seen[t] : i;
	}
	float square = 0;
	for (uint32_t e = start; e < len; e++)
		square += w->entry[e].weight * w->entry[e].weight;
	float scale = square > 0 ? 1 / sqrtf(square) : 0;
	for (uint32_t e = start; e < len; e++) {
		w->entry[e].weight *= scale;
		w->centroid[w->entry[e].term] += w->entry[e].weight;
	}
	return len;
}

static void build_vectors(struct work *w)
{
	uint32_t len = 0;
	for (uint32_t i = 0; i < w->n; i++) {
		w->first[i] = len;
		if (w->is_prose[i])
			len = vector_of(w, i, len);
	}
	w->first[w->n] = len;
}

/* -------------------------------------------------------------- centrality */

static void centroid_features(struct work *w)
{
	const struct terms *terms = w->input->terms;
	float square = 0, repeated = 0, log[SMALL_COUNTS];
	uint32_t content = 0, returning = 0;
	small_logs(log);
	for (size_t t = 0; t < terms->distinct_count; t++) {
		const struct term *term = &terms->distinct[t];
		square += w->centroid[t] * w->centroid[t];
		bool is_content = !(term->flags & TERM_STOP);
		content += term->count & mask_of(is_content);
		uint32_t returns = mask_of(is_content & (term->sentence_count > 1));
		repeated += (float)(term->sentence_count & returns);
		returning += term->count & returns;
	}
	w->out->document[DOCUMENT_REPEATS] = share(returning, content);
	float scale = square > 0 ? 1 / sqrtf(square) : 0;
	for (uint32_t p = 0; p < w->prose_len; p++) {
		uint32_t i = w->prose[p];
		float *f = w->out->at[i];
		float dot = 0, topic = 0, covered = 0, launch = 0;
		uint32_t size = w->first[i + 1] - w->first[i], fresh = 0, back = 0;
		for (uint32_t e = w->first[i]; e < w->first[i + 1]; e++) {
			uint32_t t = w->entry[e].term;
			const struct term *term = &terms->distinct[t];
			dot += w->entry[e].weight * w->centroid[t];
			topic += term->count < SMALL_COUNTS ? log[term->count]
							    : log2_of((float)term->count);
			covered +=
				(float)(term->sentence_count & mask_of(term->sentence_count > 1));
			bool first = w->first_seen[t] == i;
			fresh += first;
			uint32_t more = term->sentence_count > 4 ? 4 : term->sentence_count - 1;
			launch += (float)(more & mask_of(first));
			back += term->last_sentence > i;
		}
		f[FEATURE_CENTROID] = dot * scale;
		f[FEATURE_TOPIC] = size == 0 ? 0 : clamp(topic / (float)size / 4, 0, 1);
		f[FEATURE_COVER] = repeated > 0 ? covered / repeated : 0;
		f[FEATURE_NEW] = share(fresh, size);
		f[FEATURE_LAUNCH] = clamp(launch / (4 * (float)(size + 2)), 0, 1);
		f[FEATURE_RETURN] = share(back, size);
	}
}

/* Adds the dot products of sentence `row` of the block with those before it. */
static void meet(struct work *w, uint32_t i, uint32_t row)
{
	for (uint32_t e = w->first[i]; e < w->first[i + 1]; e++) {
		struct entry *entry = &w->entry[e];
		entry->row = row;
		entry->next = w->head[entry->term];
		w->head[entry->term] = e + 1;
		for (uint32_t k = entry->next; k != 0; k = w->entry[k - 1].next)
			w->similarity[row * w->stride + w->entry[k - 1].row] +=
				entry->weight * w->entry[k - 1].weight;
	}
}

static void forget_block(struct work *w, uint32_t p, uint32_t rows)
{
	for (uint32_t row = 0; row < rows; row++)
		for (uint32_t e = w->first[w->prose[p + row]]; e < w->first[w->prose[p + row] + 1];
		     e++)
			w->head[w->entry[e].term] = 0;
}

/* to[c] += factor * row[c], for so many columns in whole lanes. */
static inline void add_scaled(float *restrict to, const float *restrict row, float factor,
			      uint32_t columns)
{
	for (uint32_t c = 0; c < columns; c += LANES)
		for (uint32_t k = c; k < c + LANES; k++)
			to[k] += factor * row[k];
}

/* LexRank without a threshold: PageRank with damping 0.85 on the similarities themselves. */
static const float *random_walk(struct work *w, uint32_t rows, const float *degree)
{
	float *now = w->walk, *next = w->walk + BLOCK;
	for (uint32_t r = 0; r < rows; r++)
		now[r] = 1;
	for (unsigned step = 0; step < WALK_STEPS; step++) {
		for (uint32_t c = 0; c < w->stride; c++)
			next[c] = 0.15f;
		for (uint32_t r = 0; r < rows; r++) {
			float flow = degree[r] > 0 ? 0.85f * now[r] / degree[r] : 0;
			add_scaled(next, w->similarity + r * w->stride, flow, w->stride);
		}
		float *swap = now;
		now = next;
		next = swap;
	}
	return now;
}

/* Sums and greatest of each sentence's similarities to those before and behind it. */
struct neighbours {
	float before[BLOCK], seen[BLOCK], after[BLOCK], echoed[BLOCK];
};

/* The sums of all sentences go on side by side: one sum after the other would wait for each of its
 * additions. */
static inline void add_row(const float *restrict row, uint32_t from, uint32_t to,
			   float *restrict sum, float *restrict greatest)
{
	for (uint32_t c = from; c < to; c++) {
		sum[c] += row[c];
		greatest[c] = row[c] > greatest[c] ? row[c] : greatest[c];
	}
}

/* Makes the matrix symmetric on the way: before, it is 0 from the diagonal on, and columns up to a
 * whole number of lanes may be added as well. */
static void look_around(struct work *w, uint32_t rows, struct neighbours *out)
{
	for (uint32_t r = 0; r < rows; r++) {
		const float *row = w->similarity + r * w->stride;
		add_row(row, 0, LANES_ROUND_UP(r), out->after, out->echoed);
		for (uint32_t c = 0; c < r; c++)
			w->similarity[c * w->stride + r] = row[c];
	}
	for (uint32_t r = 0; r < rows; r++) {
		const float *row = w->similarity + r * w->stride;
		uint32_t whole = LANES_ROUND_UP(r + 1);
		add_row(row, r + 1, whole, out->before, out->seen);
		add_row(row, whole, w->stride, out->before, out->seen);
	}
}

static void block_features(struct work *w, uint32_t p, uint32_t rows)
{
	float degree[BLOCK];
	w->stride = LANES_ROUND_UP(rows);
	memset(w->similarity, 0, (size_t)rows * w->stride * sizeof *w->similarity);
	for (uint32_t row = 0; row < rows; row++)
		meet(w, w->prose[p + row], row);
	if (p + rows < w->prose_len)
		forget_block(w, p, rows);
	float scale = 4 / (float)(rows > 1 ? rows - 1 : 1);
	struct neighbours around = {.before = {0}};
	look_around(w, rows, &around);
	for (uint32_t r = 0; r < rows; r++) {
		float *f = w->out->at[w->prose[p + r]];
		f[FEATURE_BACKWARD] = around.before[r] * scale;
		f[FEATURE_SEEN] = around.seen[r];
		f[FEATURE_LEAD] = p == 0 && r > 0 ? w->similarity[r * w->stride] : 0;
		f[FEATURE_FORWARD] = around.after[r] * scale;
		f[FEATURE_ECHOED] = around.echoed[r];
		f[FEATURE_DEGREE] = f[FEATURE_FORWARD] + f[FEATURE_BACKWARD];
		degree[r] = f[FEATURE_DEGREE] / scale;
	}
	const float *walk = random_walk(w, rows, degree);
	for (uint32_t r = 0; r < rows; r++)
		w->out->at[w->prose[p + r]][FEATURE_RANDOM_WALK] = clamp(walk[r] / 3, 0, 1);
}

static void similarity_features(struct work *w)
{
	for (uint32_t p = 0; p < w->prose_len; p += BLOCK) {
		uint32_t rows = w->prose_len - p < BLOCK ? w->prose_len - p : BLOCK;
		block_features(w, p, rows);
	}
}

/* ---------------------------------------------------- opening and headline */

/* Which share of each sentence's weight stands in terms whose stamp is `mark`? Weights are squared,
 * so that the shares of one sentence add up to 1. */
static float marked_share(const struct work *w, uint32_t i, uint32_t mark)
{
	float sum = 0;
	for (uint32_t e = w->first[i]; e < w->first[i + 1]; e++)
		if (w->stamp[w->entry[e].term] == mark)
			sum += w->entry[e].weight * w->entry[e].weight;
	return sum;
}

static void lead_features(struct work *w)
{
	const struct terms *terms = w->input->terms;
	memset(w->stamp, 0, terms->distinct_count * sizeof *w->stamp);
	/* A term of two lead sentences carries both bits, so that each is compared with the others.
	 */
	for (uint32_t p = 0; p < w->prose_len && p < LEAD; p++)
		for (uint32_t e = w->first[w->prose[p]]; e < w->first[w->prose[p] + 1]; e++)
			w->stamp[w->entry[e].term] |= 1u << p;
	for (uint32_t p = 0; p < w->prose_len; p++) {
		uint32_t i = w->prose[p], others = 7u & ~(p < LEAD ? 1u << p : 0);
		float sum = 0;
		for (uint32_t e = w->first[i]; e < w->first[i + 1]; e++)
			sum += w->stamp[w->entry[e].term] & others
				       ? w->entry[e].weight * w->entry[e].weight
				       : 0;
		w->out->at[i][FEATURE_LEAD_SHARE] = sum;
	}
}

static void title_features(struct arena *arena, struct work *w)
{
	struct term_match title;
	terms_match(arena, w->input->stems, w->input->terms, w->input->language, w->input->title,
		    &title);
	w->out->document[DOCUMENT_TITLE] = w->input->title.len > 0;
	if (title.len == 0)
		return;
	memset(w->stamp, 0, w->input->terms->distinct_count * sizeof *w->stamp);
	float whole = 0;
	for (size_t k = 0; k < title.len; k++) {
		w->stamp[title.term[k]] = 1;
		whole += w->idf[title.term[k]];
	}
	for (uint32_t p = 0; p < w->prose_len; p++) {
		uint32_t i = w->prose[p];
		float covered = 0;
		for (uint32_t e = w->first[i]; e < w->first[i + 1]; e++)
			if (w->stamp[w->entry[e].term] == 1)
				covered += w->idf[w->entry[e].term];
		w->out->at[i][FEATURE_TITLE_COVER] = whole > 0 ? covered / whole : 0;
		w->out->at[i][FEATURE_TITLE_SHARE] = marked_share(w, i, 1);
	}
}

/* ---------------------------------------------------------------- document */

/* Means over the prose of all features. */
static void find_means(const struct work *w, float mean[FEATURE_ROW])
{
	float sum[FEATURE_ROW] = {0}; /* which nothing else can point at */
	for (uint32_t p = 0; p < w->prose_len; p++)
		add_scaled(sum, w->out->at[w->prose[p]], 1, FEATURE_ROW);
	for (size_t k = 0; k < FEATURE_ROW; k++)
		mean[k] = sum[k] / (float)w->prose_len;
}

static void standard_scores(struct work *w, const float mean[FEATURE_ROW])
{
	static const struct {
		enum feature from, to;
	} pair[] = {{FEATURE_LENGTH, FEATURE_LENGTH_Z},
		    {FEATURE_CENTROID, FEATURE_CENTROID_Z},
		    {FEATURE_DEGREE, FEATURE_DEGREE_Z},
		    {FEATURE_TOPIC, FEATURE_TOPIC_Z},
		    {FEATURE_COVER, FEATURE_COVER_Z}};
	enum { PAIRS = sizeof pair / sizeof *pair };
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

static void document_features(struct work *w, const float mean[FEATURE_ROW])
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
	/* The model knows requests for one and for three sentences; beyond four it would guess. */
	d[DOCUMENT_ASKED] = asked == 0 ? 1.0f / 3 : asked > 4 ? 0.25f : 1 / (float)asked;
}

/* --------------------------------------------------------------- the stage */

static void find_prose(struct work *w)
{
	for (uint32_t i = 0; i < w->n; i++) {
		w->is_prose[i] = !boilerplate_is(w->input, i);
		if (w->is_prose[i])
			w->prose[w->prose_len++] = i;
	}
	if (w->prose_len > 0)
		return;
	for (uint32_t i = 0; i < w->n;
	     i++) { /* nothing but such lines: then they are the article */
		w->is_prose[i] = true;
		w->prose[w->prose_len++] = i;
	}
}

static bool prepare(struct arena *arena, struct work *w)
{
	const struct terms *terms = w->input->terms;
	size_t n = w->n, distinct = terms->distinct_count;
	size_t rows = n < BLOCK ? n : BLOCK;
	w->prose = arena_alloc(arena, n, sizeof *w->prose);
	w->is_prose = arena_alloc(arena, n, sizeof *w->is_prose);
	w->first = arena_alloc(arena, n + 1, sizeof *w->first);
	w->content = arena_alloc(arena, terms->token_count + 1, sizeof *w->content);
	w->content_at = arena_zalloc(arena, n + 1, sizeof *w->content_at);
	w->entry = arena_alloc(arena, terms->token_count, sizeof *w->entry);
	w->idf = arena_alloc(arena, distinct, sizeof *w->idf);
	w->first_seen = arena_alloc(arena, distinct, sizeof *w->first_seen);
	w->stamp = arena_alloc(arena, distinct, sizeof *w->stamp);
	w->centroid = arena_zalloc(arena, distinct, sizeof *w->centroid);
	w->head = arena_zalloc(arena, distinct, sizeof *w->head);
	w->similarity = arena_alloc(arena, rows * LANES_ROUND_UP(rows), sizeof *w->similarity);
	w->walk = arena_alloc(arena, (size_t)2 * BLOCK, sizeof *w->walk);
	if (arena->failed)
		return false;
	memset(w->first_seen, 0xFF, distinct * sizeof *w->first_seen);
	memset(w->stamp, 0xFF, distinct * sizeof *w->stamp);
	return true;
}

void feature_compute(struct arena *arena, const struct score_input *input, struct features *out)
{
	struct work w = {.input = input, .out = out, .n = input->sentences->len};
	*out = (struct features){.at = arena_zalloc(arena, w.n, sizeof *out->at)};
	if (out->at == NULL || w.n == 0)
		return;
	struct arena_mark mark = arena_mark(arena);
	float mean[FEATURE_ROW];
	if (prepare(arena, &w)) {
		find_prose(&w);
		for (size_t i = 0; i < w.n; i++)
			surface_features(&w, i);
		position_features(&w);
		paragraph_features(&w);
		weigh_terms(&w);
		build_vectors(&w);
		centroid_features(&w);
		similarity_features(&w);
		lead_features(&w);
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
