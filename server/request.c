#include "request.h"

#include "decode.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const request_kinds[] = {
	[REQUEST_TEXT] = "text", [REQUEST_HTML] = "html", [REQUEST_URL] = "url"};
const char *const request_units[] = {
	[OFFSET_UTF8] = "utf8", [OFFSET_UTF16] = "utf16", [OFFSET_CODEPOINT] = "codepoint", NULL};
static const char *const orders[] = {[ORDER_SOURCE] = "source", [ORDER_SCORE] = "score", NULL};
/* In the order of their bits. */
static const char *const avoids[] = {"quotes", "questions", "exclamations", NULL};
static const char *const includes[] = {"text", "sentences", "keywords", "html_offsets", NULL};
static const char *const lengths[] = {"short", "medium", "long", NULL};
static const size_t length_sentences[] = {3, 5, 7};

/* State while the fields are read, apart from the request itself. */
struct decoder {
	struct request *request;
	struct problem_report *report;
	size_t max_text_bytes;
	const char *first_input; /* name of the text, html or url field seen */
	size_t length;           /* from "length" */
	bool bounded;            /* any bound other than "length" was given */
};

static const char *type_name(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
	case JSON_REAL:
		return "a number";
	case JSON_TRUE:
	case JSON_FALSE:
		return "a boolean";
	default:
		return "null";
	}
}

static bool wrong_type(struct decoder *d, const char *name, const char *want, const json_t *value)
{
	problem_set_field(d->report, PROBLEM_WRONG_TYPE, name, "\"%s\" is %s; it must be %s.", name,
			  type_name(value), want);
	return false;
}

static bool read_string(struct decoder *d, const char *name, const json_t *value, size_t max_bytes,
			struct span *out)
{
	if (!json_is_string(value))
		return wrong_type(d, name, "a string", value);
	*out = (struct span){json_string_value(value), json_string_length(value)};
	if (out->len <= max_bytes)
		return true;
	problem_set_field(d->report, PROBLEM_OUT_OF_RANGE, name,
			  "\"%s\" is %zu bytes long; at most %zu are allowed.", name, out->len,
			  max_bytes);
	problem_set_limit(d->report, max_bytes, out->len);
	return false;
}

static bool read_integer(struct decoder *d, const char *name, const json_t *value, int32_t max,
			 size_t *out)
{
	/* Compare as doubles, which can hold even values to be refused: 3.0 and 1e99 are
	 * integers in JSON Schema. */
	double n = json_number_value(value);
	if (!json_is_number(value) || n != trunc(n))
		return wrong_type(d, name, "an integer", value);
	if (n < 1 || n > max) {
		problem_set_field(d->report, PROBLEM_OUT_OF_RANGE, name,
				  "\"%s\" is %.15g; 1 to %" PRId32 " is allowed.", name, n, max);
		if (n > max && n <= 0x1p53) /* above that, a double is not what was sent */
			problem_set_limit(d->report, (uint64_t)max, (uint64_t)n);
		return false;
	}
	d->bounded = true;
	*out = (size_t)n;
	return true;
}

/* The index of `value` in `names`; -1, after reporting it, if it is none of them. */
static int read_choice(struct decoder *d, const char *name, const json_t *value,
		       const char *const *names)
{
	if (!json_is_string(value)) {
		wrong_type(d, name, "a string", value);
		return -1;
	}
	char allowed[128] = "";
	for (int i = 0; names[i] != NULL; i++) {
		if (strcmp(json_string_value(value), names[i]) == 0 &&
		    json_string_length(value) == strlen(names[i]))
			return i;
		size_t len = strlen(allowed);
		snprintf(allowed + len, sizeof(allowed) - len, "%s\"%s\"", i == 0 ? "" : ", ",
			 names[i]);
	}
	problem_set_field(d->report, PROBLEM_INVALID_VALUE, name, "\"%s\" must be one of %s.", name,
			  allowed);
	return -1;
}

static bool read_set(struct decoder *d, const char *name, const json_t *value,
		     const char *const *names, unsigned *out)
{
	if (!json_is_array(value))
		return wrong_type(d, name, "an array", value);
	size_t i;
	json_t *item;
	json_array_foreach(value, i, item)
	{
		int choice = read_choice(d, name, item, names);
		if (choice < 0) {
			size_t len = strlen(d->report->pointer);
			snprintf(d->report->pointer + len, sizeof(d->report->pointer) - len, "/%zu",
				 i);
			return false;
		}
		*out |= 1u << choice;
	}
	return true;
}

/* Text or HTML: the large fields, with a bound and a code of their own. */
static bool read_input(struct decoder *d, const char *name, const json_t *value,
		       enum request_kind kind)
{
	if (d->first_input != NULL) {
		problem_set_field(
			d->report, PROBLEM_CONFLICTING_INPUT, name,
			"\"%s\" and \"%s\" were both given; exactly one of text, html and url "
			"is allowed.",
			d->first_input, name);
		return false;
	}
	d->first_input = name;
	d->request->kind = kind;
	size_t max = kind == REQUEST_URL ? REQUEST_MAX_URL_BYTES : SIZE_MAX;
	if (!read_string(d, name, value, max, &d->request->input))
		return false;
	if (kind == REQUEST_URL || d->request->input.len <= d->max_text_bytes)
		return true;
	problem_set_field(d->report, PROBLEM_TEXT_TOO_LARGE, name,
			  "\"%s\" is %zu bytes of UTF-8; at most %zu are allowed.", name,
			  d->request->input.len, d->max_text_bytes);
	problem_set_limit(d->report, d->max_text_bytes, d->request->input.len);
	return false;
}

static bool read_text(struct decoder *d, const char *name, const json_t *value)
{
	return read_input(d, name, value, REQUEST_TEXT);
}

static bool read_html(struct decoder *d, const char *name, const json_t *value)
{
	return read_input(d, name, value, REQUEST_HTML);
}

static bool read_url(struct decoder *d, const char *name, const json_t *value)
{
	return read_input(d, name, value, REQUEST_URL);
}

static bool read_base_url(struct decoder *d, const char *name, const json_t *value)
{
	return read_string(d, name, value, REQUEST_MAX_URL_BYTES, &d->request->base_url);
}

static bool read_title(struct decoder *d, const char *name, const json_t *value)
{
	return read_string(d, name, value, REQUEST_MAX_TITLE_BYTES, &d->request->title);
}

static bool read_query(struct decoder *d, const char *name, const json_t *value)
{
	return read_string(d, name, value, REQUEST_MAX_QUERY_BYTES, &d->request->query);
}

static bool read_id(struct decoder *d, const char *name, const json_t *value)
{
	return read_string(d, name, value, REQUEST_MAX_ID_BYTES, &d->request->id);
}

static bool read_language(struct decoder *d, const char *name, const json_t *value)
{
	struct span tag;
	if (!read_string(d, name, value, SIZE_MAX, &tag))
		return false;
	const struct language *language = language_from_tag(tag);
	if (language == NULL) {
		problem_set_field(d->report, PROBLEM_INVALID_VALUE, name,
				  "\"language\" is not a BCP 47 tag, such as \"en\" or \"pt-BR\".");
		return false;
	}
	/* For a language without rules here, the rules of the language detected in the text
	 * serve better. */
	d->request->language = language->index == LANGUAGE_UND ? NULL : language;
	return true;
}

static bool read_length(struct decoder *d, const char *name, const json_t *value)
{
	int choice = read_choice(d, name, value, lengths);
	if (choice >= 0)
		d->length = length_sentences[choice];
	return choice >= 0;
}

static bool read_sentences(struct decoder *d, const char *name, const json_t *value)
{
	return read_integer(d, name, value, REQUEST_MAX_SENTENCES,
			    &d->request->select.max_sentences);
}

static bool read_max_words(struct decoder *d, const char *name, const json_t *value)
{
	return read_integer(d, name, value, INT32_MAX, &d->request->select.max_words);
}

static bool read_max_chars(struct decoder *d, const char *name, const json_t *value)
{
	return read_integer(d, name, value, INT32_MAX, &d->request->select.max_chars);
}

static bool read_ratio(struct decoder *d, const char *name, const json_t *value)
{
	if (!json_is_number(value))
		return wrong_type(d, name, "a number", value);
	double ratio = json_number_value(value);
	if (!(ratio > 0 && ratio <= 1)) {
		problem_set_field(d->report, PROBLEM_OUT_OF_RANGE, name,
				  "\"ratio\" is %s; it must be above 0 and at most 1.",
				  ratio > 1 ? "more than 1" : "not above 0");
		return false;
	}
	d->request->select.ratio = ratio;
	d->bounded = true;
	return true;
}

static bool read_order(struct decoder *d, const char *name, const json_t *value)
{
	int choice = read_choice(d, name, value, orders);
	if (choice >= 0)
		d->request->order = (enum request_order)choice;
	return choice >= 0;
}

static bool read_offset_unit(struct decoder *d, const char *name, const json_t *value)
{
	int choice = read_choice(d, name, value, request_units);
	if (choice >= 0)
		d->request->offset_unit = (enum offset_unit)choice;
	return choice >= 0;
}

static bool read_avoid(struct decoder *d, const char *name, const json_t *value)
{
	return read_set(d, name, value, avoids, &d->request->select.avoid);
}

static bool read_include(struct decoder *d, const char *name, const json_t *value)
{
	return read_set(d, name, value, includes, &d->request->include);
}

static bool read_cache(struct decoder *d, const char *name, const json_t *value)
{
	if (!json_is_boolean(value))
		return wrong_type(d, name, "a boolean", value);
	d->request->cache = json_is_true(value);
	return true;
}

/* How a value is written in a query string, where everything is text. */
enum query_form { QUERY_STRING, QUERY_NUMBER, QUERY_BOOLEAN, QUERY_LIST };

static const struct field {
	const char *name;
	bool (*read)(struct decoder *, const char *name, const json_t *value);
	enum query_form form;
} fields[] = {
	{"text", read_text, QUERY_STRING},
	{"html", read_html, QUERY_STRING},
	{"url", read_url, QUERY_STRING},
	{"base_url", read_base_url, QUERY_STRING},
	{"title", read_title, QUERY_STRING},
	{"language", read_language, QUERY_STRING},
	{"length", read_length, QUERY_STRING},
	{"sentences", read_sentences, QUERY_NUMBER},
	{"ratio", read_ratio, QUERY_NUMBER},
	{"max_words", read_max_words, QUERY_NUMBER},
	{"max_chars", read_max_chars, QUERY_NUMBER},
	{"query", read_query, QUERY_STRING},
	{"order", read_order, QUERY_STRING},
	{"offset_unit", read_offset_unit, QUERY_STRING},
	{"avoid", read_avoid, QUERY_LIST},
	{"include", read_include, QUERY_LIST},
	{"cache", read_cache, QUERY_BOOLEAN},
	{"id", read_id, QUERY_STRING},
};

static const struct field *find_field(const char *name)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	return NULL;
}

/* Empty if it is no string. */
static struct span string_of(const json_t *value)
{
	return (struct span){json_string_value(value), json_string_length(value)};
}

/* Check the tree `json`, which is taken; on failure it is released. */
static bool decode_tree(json_t *json, size_t max_text_bytes, struct request *out,
			struct problem_report *report)
{
	struct request request = {.offset_unit = OFFSET_UTF16, .cache = true, .json = json};
	struct decoder d = {&request, report, max_text_bytes, NULL, length_sentences[0], false};
	const char *name;
	json_t *value;

	if (!json_is_object(json)) {
		problem_set_field(report, PROBLEM_WRONG_TYPE, NULL,
				  "The body is %s; it must be an object.", type_name(json));
		goto refused;
	}
	json_object_foreach(json, name, value)
	{
		const struct field *field = find_field(name);
		if (field == NULL) {
			problem_set_field(report, PROBLEM_UNKNOWN_FIELD, name,
					  "There is no field \"%.60s\".", name);
			goto refused;
		}
		if (!field->read(&d, name, value))
			goto refused;
	}
	if (d.first_input == NULL) {
		problem_set_field(report, PROBLEM_MISSING_INPUT, NULL,
				  "Exactly one of text, html and url is required.");
		goto refused;
	}
	if (request.base_url.at != NULL && request.kind != REQUEST_HTML) {
		problem_set_field(report, PROBLEM_CONFLICTING_INPUT, "base_url",
				  "\"base_url\" is allowed only with \"html\".");
		goto refused;
	}
	request.select.at_most = request.select.max_sentences == 0;
	if (!d.bounded)
		request.select.max_sentences = d.length;
	*out = request;
	return true;
refused:
	problem_set_id(report, string_of(json_object_get(json, "id")));
	json_decref(json);
	return false;
}

/* Report where `body` is wrong; if it is one line, as in a batch, only the column. */
static void set_json_problem(struct span body, const json_error_t *error, enum problem problem,
			     const char *text, struct problem_report *report)
{
	if (memchr(body.at, '\n', body.len) == NULL)
		problem_set(report, problem, "Column %d: %s.", error->column, text);
	else
		problem_set(report, problem, "Line %d, column %d: %s.", error->line, error->column,
			    text);
}

/* A number is valid JSON, however large. `error` is about the first one that does not fit any
 * type here. */
static void report_overflow(struct span body, const json_error_t *error,
			    struct problem_report *report)
{
	struct span key;
	char name[64];
	if (!decode_number_key(body, (size_t)error->position, &key) || key.len >= sizeof(name)) {
		set_json_problem(body, error, PROBLEM_OUT_OF_RANGE,
				 "the number is beyond all bounds", report);
		return;
	}
	memcpy(name, key.at, key.len);
	name[key.len] = '\0';
	problem_set_field(report, PROBLEM_OUT_OF_RANGE, name,
			  "\"%s\" is a number beyond all bounds.", name);
}

static void report_json_error(struct span body, const json_error_t *error,
			      struct problem_report *report)
{
	enum problem problem = PROBLEM_INVALID_JSON;
	const char *text = error->text;
	switch (json_error_code(error)) {
	case json_error_duplicate_key:
		problem = PROBLEM_DUPLICATE_KEY;
		break;
	case json_error_invalid_utf8:
		problem = PROBLEM_INVALID_UTF8;
		break;
	case json_error_null_character:
	case json_error_null_byte_in_key:
		problem = PROBLEM_NULL_CHARACTER;
		text = "\\u0000 is not allowed"; /* jansson's text names one of its own options */
		break;
	case json_error_numeric_overflow:
		report_overflow(body, error, report);
		return;
	case json_error_out_of_memory:
		problem = PROBLEM_TOO_COMPLEX;
		break;
	default:
		break;
	}
	set_json_problem(body, error, problem, text, report);
}

bool request_decode(struct span body, size_t max_text_bytes, struct request *out,
		    struct problem_report *report)
{
	/* RFC 8259 lets a reader skip a byte order mark, which some editors leave. */
	if (body.len >= 3 && memcmp(body.at, "\xEF\xBB\xBF", 3) == 0)
		body = span_slice(body, 3, body.len);
	json_error_t error;
	if (body.at == NULL)
		body = SPAN("");
	json_t *json = decode_json(body, &error);
	if (json == NULL) {
		report_json_error(body, &error, report);
		return false;
	}
	return decode_tree(json, max_text_bytes, out, report);
}

/* NULL if a member is no UTF-8, or for lack of memory. */
static json_t *list_from_query(const char *value)
{
	json_t *list = json_array();
	while (list != NULL && *value != '\0') {
		size_t len = strcspn(value, ",");
		if (json_array_append_new(list, json_stringn(value, len)) != 0) {
			json_decref(list);
			return NULL;
		}
		value += len + (value[len] == ',');
	}
	return list;
}

/* The JSON value that `value` stands for; if it is not written as its form requires, a string,
 * so that the field's own check reports it. */
static json_t *value_from_query(enum query_form form, const char *value)
{
	if (form == QUERY_LIST)
		return list_from_query(value);
	if (form == QUERY_BOOLEAN && strcmp(value, "true") == 0)
		return json_true();
	if (form == QUERY_BOOLEAN && strcmp(value, "false") == 0)
		return json_false();
	if (form == QUERY_NUMBER) {
		json_error_t error;
		json_t *number = json_loads(value, JSON_DECODE_ANY, &error);
		if (json_is_number(number))
			return number;
		if (number == NULL && json_error_code(&error) == json_error_numeric_overflow)
			return json_real(*value == '-' ? -DBL_MAX : DBL_MAX); /* refused, too */
		json_decref(number);
	}
	return json_string(value);
}

/* Add one argument; false with `report` set if it is unknown or wrong. */
static bool add_argument(json_t *json, const char *name, const char *value,
			 struct problem_report *report)
{
	const struct field *field = find_field(name);
	if (utf8_check(span_of(name)) != strlen(name)) {
		problem_set(report, PROBLEM_INVALID_UTF8,
			    "A name in the query string is not UTF-8.");
		return false;
	}
	if (json_object_get(json, name) != NULL) {
		problem_set_field(report, PROBLEM_DUPLICATE_KEY, name,
				  "\"%.60s\" appears twice in the query string.", name);
		return false;
	}
	json_t *decoded = value_from_query(field == NULL ? QUERY_STRING : field->form, value);
	if (decoded == NULL) {
		problem_set_field(report, PROBLEM_INVALID_UTF8, name,
				  "The value of \"%.60s\" is not UTF-8.", name);
		return false;
	}
	if (json_object_set_new(json, name, decoded) == 0)
		return true;
	problem_set(report, PROBLEM_TOO_COMPLEX, "No memory for the query string.");
	return false;
}

bool request_decode_query(struct span arguments, size_t max_text_bytes, struct request *out,
			  struct problem_report *report)
{
	json_t *json = json_object();
	const char *at = arguments.at, *end = arguments.at + arguments.len;
	if (json == NULL) {
		problem_set(report, PROBLEM_TOO_COMPLEX, "No memory for the query string.");
		return false;
	}
	while (at < end) {
		const char *name = at, *value = name + strlen(name) + 1;
		at = value + strlen(value) + 1;
		if (!add_argument(json, name, value, report)) {
			json_decref(json);
			return false;
		}
	}
	return decode_tree(json, max_text_bytes, out, report);
}

void request_release(struct request *request)
{
	json_decref(request->json);
	request->json = NULL;
}
