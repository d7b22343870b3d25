#include "info.h"

#include "assets.h"
#include "core/language.h"
#include "json_text.h"
#include "request.h"
#include "version.h"

#include <jansson.h>
#include <string.h>
#include <utf8proc.h>

static json_t *limits(const struct config *config)
{
	return json_pack("{s:I, s:I, s:I, s:i, s:i, s:i, s:i, s:i, s:I, s:I, s:I, s:I}",
			 "body_bytes", (json_int_t)config->max_body_bytes, "text_bytes",
			 (json_int_t)config->max_text_bytes, "deadline_ms",
			 (json_int_t)config->deadline_ms, "sentences", REQUEST_MAX_SENTENCES,
			 "title_bytes", REQUEST_MAX_TITLE_BYTES, "query_bytes",
			 REQUEST_MAX_QUERY_BYTES, "id_bytes", REQUEST_MAX_ID_BYTES, "url_bytes",
			 REQUEST_MAX_URL_BYTES, "download_bytes", (json_int_t)config->url_max_bytes,
			 "download_ms", (json_int_t)config->url_timeout_ms, "redirects",
			 (json_int_t)config->url_max_redirects, "queue", (json_int_t)config->queue);
}

static json_t *languages(void)
{
	json_t *tags = json_array();
	for (size_t i = 0; i < language_count(); i++)
		if (i != LANGUAGE_UND)
			json_array_append_new(tags, json_string(language_at(i)->tag));
	return tags;
}

char *info_render(const struct config *config, size_t *len)
{
	json_t *info = json_pack("{s:s, s:s, s:s, s:o, s:o}", "name", "precis", "version",
				 PRECIS_VERSION, "engine", PRECIS_ENGINE, "limits", limits(config),
				 "languages", languages());
	bool whole =
		info != NULL &&
		json_object_set_new(info, "button",
				    json_pack("{s:s, s:s}", "path", asset_button_path, "integrity",
					      asset_button_integrity)) == 0 &&
		json_object_set_new(info, "unicode", json_string(utf8proc_unicode_version())) == 0;
	*len = 0;
	char *text = whole ? json_text(info, len) : NULL;
	json_decref(info);
	return text;
}
