#include "shared_value.h"

#include "digest.h"
#include "version.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char format_mark[8] = "precis1\n";

/* A problem as stored after the head; strings are cut or padded with NULs. */
struct stored_problem {
	char code[32], detail[256], pointer[64], id[PROBLEM_ID_BYTES + 1], padding[7];
	uint64_t has_pointer, has_limit, limit, actual; /* little-endian */
};

struct head {
	char mark[sizeof(format_mark)];
	unsigned char digest[DIGEST_BYTES];
	char kind[8]; /* 'A': the body of an answer follows; 'P': a problem */
};

/* The digest of the kind and the content, which follow it in one piece. */
static void bind_to_key(const unsigned char key[JOB_KEY_BYTES], const char *covered, size_t len,
			unsigned char out[DIGEST_BYTES])
{
	/* Two digests, so that the content need not be copied after the prefix. */
	unsigned char parts[sizeof(PRECIS_ENGINE) + JOB_KEY_BYTES + DIGEST_BYTES];
	memcpy(parts, PRECIS_ENGINE, sizeof(PRECIS_ENGINE));
	memcpy(parts + sizeof(PRECIS_ENGINE), key, JOB_KEY_BYTES);
	digest_of(covered, len, parts + sizeof(PRECIS_ENGINE) + JOB_KEY_BYTES);
	digest_of(parts, sizeof(parts), out);
}

static void store_problem(const struct problem_report *report, struct stored_problem *out)
{
	memset(out, 0, sizeof(*out));
	snprintf(out->code, sizeof(out->code), "%s", problem_code(report->problem));
	snprintf(out->detail, sizeof(out->detail), "%s", report->detail);
	snprintf(out->pointer, sizeof(out->pointer), "%s", report->pointer);
	snprintf(out->id, sizeof(out->id), "%s", report->id);
	out->has_pointer = htole64((uint64_t)report->has_pointer);
	out->has_limit = htole64((uint64_t)report->has_limit);
	out->limit = htole64(report->limit);
	out->actual = htole64(report->actual);
}

/* Find it by its code, which is stable; its number is not. */
static enum problem find_problem(const char *code)
{
	enum problem problem = PROBLEM_NONE;
	while (++problem < PROBLEM_COUNT && strcmp(problem_code(problem), code) != 0)
		;
	return problem;
}

static struct answer *load_problem(const struct stored_problem *stored)
{
	struct problem_report report = {.problem = find_problem(stored->code),
					.has_pointer = stored->has_pointer != 0,
					.has_limit = stored->has_limit != 0,
					.limit = le64toh(stored->limit),
					.actual = le64toh(stored->actual)};
	/* Anybody who may write to Redis can store a well-formed value that is not ours. */
	if (stored->detail[sizeof(stored->detail) - 1] != '\0' ||
	    stored->pointer[sizeof(stored->pointer) - 1] != '\0' ||
	    stored->id[sizeof(stored->id) - 1] != '\0')
		return NULL;
	_Static_assert(sizeof(report.detail) == sizeof(stored->detail), "fits with its NUL");
	_Static_assert(sizeof(report.pointer) == sizeof(stored->pointer), "fits with its NUL");
	_Static_assert(sizeof(report.id) == sizeof(stored->id), "fits with its NUL");
	memcpy(report.detail, stored->detail, sizeof(report.detail));
	memcpy(report.pointer, stored->pointer, sizeof(report.pointer));
	memcpy(report.id, stored->id, sizeof(report.id));
	return report.problem == PROBLEM_COUNT ? NULL : answer_new_problem(&report);
}

char *shared_value_encode(const struct answer *answer, const unsigned char key[JOB_KEY_BYTES],
			  size_t *len)
{
	struct stored_problem stored;
	struct head head = {.kind = "A"};
	const void *content = answer->body;
	size_t content_len = answer->len;
	if (answer->body == NULL) {
		head.kind[0] = 'P';
		store_problem(&answer->report, &stored);
		content = &stored;
		content_len = sizeof(stored);
	}
	*len = sizeof(head) + content_len;
	char *value = malloc(*len);
	if (value == NULL)
		return NULL;
	memcpy(head.mark, format_mark, sizeof(head.mark));
	memcpy(value, &head, sizeof(head));
	memcpy(value + sizeof(head), content, content_len);
	size_t from = offsetof(struct head, kind);
	bind_to_key(key, value + from, *len - from,
		    (unsigned char *)value + offsetof(struct head, digest));
	return value;
}

struct answer *shared_value_decode(const char *value, size_t len,
				   const unsigned char key[JOB_KEY_BYTES])
{
	struct head head;
	unsigned char digest[DIGEST_BYTES];
	size_t from = offsetof(struct head, kind);
	if (len <= sizeof(head))
		return NULL;
	memcpy(&head, value, sizeof(head));
	bind_to_key(key, value + from, len - from, digest);
	if (memcmp(head.mark, format_mark, sizeof(head.mark)) != 0 ||
	    memcmp(head.digest, digest, sizeof(digest)) != 0)
		return NULL;
	const char *content = value + sizeof(head);
	size_t content_len = len - sizeof(head);
	if (head.kind[0] == 'P') {
		struct stored_problem stored;
		if (content_len != sizeof(stored))
			return NULL;
		memcpy(&stored, content, sizeof(stored));
		return load_problem(&stored);
	}
	char *body = malloc(content_len + 1);
	if (body == NULL)
		return NULL;
	memcpy(body, content, content_len);
	body[content_len] = '\0';
	return answer_new(body, content_len);
}
