/*
 * Request in, answer out, through a real queue and worker. The first byte says what the request is
 * (mode, below), the next two which options it has; the first line then is the title or the URL's
 * content type, and the rest the article. The answer must be JSON whose offsets cut exactly its
 * sentences out of the source, and a second run must give the same.
 */
#include "fuzz.h"

#include "core/utf8.h"
#include "server/queue.h"
#include "server/worker.h"

#include <jansson.h>
#include <semaphore.h>

enum mode { MODE_TEXT, MODE_HTML, MODE_DOWNLOAD, MODE_RAW_JSON, MODE_RAW_QUERY, MODES };

static struct queue *queue;
static sem_t answered;

static void wake(struct ticket *ticket)
{
	sem_post(&answered);
}

static void start(void)
{
	const struct worker_options options = {
		.count = 1, .max_text_bytes = 1 << 20, .job_memory_bytes = (size_t)128 << 20};
	if (queue != NULL)
		return;
	workers_prepare();
	sem_init(&answered, 0, 0);
	queue = queue_new(4, 0, 0);
	HOLDS(queue != NULL && workers_new(&options, queue, NULL, metrics_new()) != NULL);
}

/* ---- the request ------------------------------------------------------------------------ */

struct request_made {
	enum mode mode;
	uint8_t options, more_options;
	struct span line, article;
};

static json_t *utf8_string(struct span bytes)
{
	return json_stringn(bytes.at == NULL ? "" : bytes.at,
			    bytes.len == 0 ? 0 : strnlen(bytes.at, utf8_check(bytes)));
}

static json_t *flags(unsigned bits, const char *const *names, size_t count)
{
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++)
		if (bits >> i & 1)
			json_array_append_new(list, json_string(names[i]));
	return list;
}

static void set_options(json_t *request, const struct request_made *made)
{
	static const char *const units[] = {"utf8", "utf16", "codepoint", "utf16"};
	static const char *const includes[] = {"keywords", "sentences", "html_offsets"};
	static const char *const avoids[] = {"quotes", "questions", "exclamations"};
	unsigned options = made->options, more = made->more_options;
	json_object_set_new(request, "offset_unit", json_string(units[options & 3]));
	json_object_set_new(request, "order", json_string(options & 4 ? "score" : "source"));
	json_t *include = flags(options >> 3, includes, 3);
	json_array_append_new(include, json_string("text"));
	json_object_set_new(request, "include", include);
	if (options & 64)
		json_object_set_new(request, "sentences", json_integer(more % 100 + 1));
	if (options & 128)
		json_object_set_new(request, "max_words", json_integer(more + 1));
	json_object_set_new(request, "avoid", flags(more, avoids, 3));
	if (more & 8)
		json_object_set_new(request, "query", utf8_string(made->line));
	if (more & 16)
		json_object_set_new(request, "language", json_string(more & 32 ? "th" : "de"));
}

/* New memory: the body of the request. */
static char *body_of(const struct request_made *made, size_t *len)
{
	if (made->mode >= MODE_RAW_JSON) {
		char *copy = malloc(made->article.len + 1);
		HOLDS(copy != NULL);
		memcpy(copy, made->article.len == 0 ? "" : made->article.at, made->article.len);
		copy[made->article.len] = '\0';
		*len = made->article.len;
		return copy;
	}
	json_t *request = json_object();
	if (made->mode == MODE_DOWNLOAD)
		json_object_set_new(request, "url", json_string("https://news.example/a"));
	else
		json_object_set_new(request, made->mode == MODE_TEXT ? "text" : "html",
				    utf8_string(made->article));
	if (made->mode != MODE_DOWNLOAD)
		json_object_set_new(request, "title", utf8_string(made->line));
	set_options(request, made);
	char *body = json_dumps(request, 0);
	HOLDS(body != NULL);
	json_decref(request);
	*len = strlen(body);
	return body;
}

/* What the fetcher would have downloaded. A raw request for a URL gets a page, too. */
static struct fetch_result *download_of(const struct request_made *made)
{
	static const char *const types[] = {"text/html", "text/plain", "application/xhtml+xml", ""};
	struct fetch_result *download = calloc(1, sizeof(*download));
	HOLDS(download != NULL);
	download->status = FETCH_OK;
	download->http_status = 200;
	download->body = malloc(made->article.len + 1);
	HOLDS(download->body != NULL);
	memcpy(download->body, made->article.len == 0 ? "" : made->article.at, made->article.len);
	download->body[made->article.len] = '\0';
	download->body_len = made->article.len;
	download->url = strdup("https://news.example/a");
	strcpy(download->content_type, types[made->more_options & 3]);
	for (size_t i = 0; i < made->line.len && i < sizeof(download->charset) - 1; i++)
		download->charset[i] = made->line.at[i];
	return download;
}

/* The answer, held. */
static struct answer *ask(const struct request_made *made)
{
	size_t len;
	char *body = body_of(made, &len);
	struct job *job = job_new(body, len, made->mode == MODE_RAW_QUERY);
	struct ticket *ticket = ticket_new();
	HOLDS(job != NULL && ticket != NULL);
	ticket->wake = wake;
	job->deadline_ns = UINT64_MAX;
	job->download = download_of(made);
	ticket_join(ticket, job);
	HOLDS(queue_push(queue, &job) == QUEUE_OK);
	while (sem_wait(&answered) != 0)
		continue;
	HOLDS(ticket->answer != NULL);
	struct answer *answer = answer_hold(ticket->answer);
	ticket_release(ticket);
	return answer;
}

/* ---- the answer ------------------------------------------------------------------------- */

static enum offset_unit unit_of(const json_t *answer)
{
	const char *unit = json_string_value(json_object_get(answer, "offset_unit"));
	HOLDS(unit != NULL);
	return strcmp(unit, "utf8") == 0    ? OFFSET_UTF8
	       : strcmp(unit, "utf16") == 0 ? OFFSET_UTF16
					    : OFFSET_CODEPOINT;
}

/* The byte that `units` precede; an offset inside a character would not end there. */
static size_t byte_at(struct span text, enum offset_unit unit, json_int_t units)
{
	size_t at = 0;
	json_int_t n = 0;
	while (n < units) {
		uint32_t c;
		HOLDS(at < text.len);
		unsigned bytes = utf8_decode(text, at, &c);
		at += bytes;
		n += unit == OFFSET_UTF8 ? bytes : unit == OFFSET_UTF16 ? 1 + (c > 0xFFFF) : 1;
	}
	HOLDS(n == units);
	return at;
}

static struct span slice(struct span text, enum offset_unit unit, const json_t *object)
{
	json_t *start = json_object_get(object, "start"), *end = json_object_get(object, "end");
	HOLDS(json_is_integer(start) && json_is_integer(end));
	HOLDS(json_integer_value(start) < json_integer_value(end));
	size_t from = byte_at(text, unit, json_integer_value(start));
	return span_slice(text, from, byte_at(text, unit, json_integer_value(end)));
}

static void check_score(const json_t *object)
{
	double score = json_number_value(json_object_get(object, "score"));
	HOLDS(score >= 0 && score <= 1);
}

static void check_answer(const struct answer *answer)
{
	json_t *json = json_loadb(answer->body, answer->len,
				  JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	HOLDS(json != NULL);
	json_t *sentence, *source = json_object_get(json, "source");
	json_t *whole = json_object_get(source, "text");
	json_t *sentences = json_object_get(json, "sentences");
	enum offset_unit unit = unit_of(json);
	size_t i;
	HOLDS(json_array_size(sentences) > 0);
	struct span text = {json_string_value(whole), json_string_length(whole)};
	json_array_foreach(sentences, i, sentence)
	{
		json_t *own = json_object_get(sentence, "text");
		struct span want = {json_string_value(own), json_string_length(own)};
		check_score(sentence);
		HOLDS(whole == NULL || span_equal(slice(text, unit, sentence), want));
	}
	json_array_foreach(json_object_get(json, "all_sentences"), i, sentence)
	{
		check_score(sentence);
		HOLDS(whole == NULL || slice(text, unit, sentence).len > 0);
	}
	if (whole != NULL)
		HOLDS((size_t)json_integer_value(json_object_get(source, "length")) ==
		      utf8_length(text, unit));
	json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	struct request_made made = {.mode = input_byte(&input) % MODES};
	start();
	made.options = input_byte(&input);
	made.more_options = input_byte(&input);
	if (made.mode < MODE_RAW_JSON)
		made.line = input_line(&input);
	made.article = input_rest(&input);
	if (made.mode == MODE_RAW_QUERY && !are_pairs(made.article))
		return 0;
	struct answer *first = ask(&made), *second = ask(&made);
	HOLDS(first->report.problem == second->report.problem);
	HOLDS((first->body == NULL) == (first->report.problem != PROBLEM_NONE));
	HOLDS(first->report.problem != PROBLEM_INTERNAL);
	if (first->body != NULL) {
		HOLDS(first->len == second->len &&
		      memcmp(first->body, second->body, first->len) == 0);
		check_answer(first);
	}
	answer_release(first);
	answer_release(second);
	return 0;
}
