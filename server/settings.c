#include "settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX_BYTES (64 * 1024)

/** The option that `argument` ("--queue" or "--queue=9") names; `*value` is what follows '='. */
static size_t find_option(const char *argument, const char **value)
{
	*value = NULL;
	if (strncmp(argument, "--", 2) != 0)
		return option_count;
	size_t len = strcspn(argument + 2, "=");
	if (argument[2 + len] == '=')
		*value = argument + 2 + len + 1;
	return option_find(argument + 2, len);
}

/** The whole file as new memory, with a NUL; NULL with errno. */
static char *read_text(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = file == NULL ? NULL : malloc(FILE_MAX_BYTES + 1);
	if (text != NULL) {
		size_t len = fread(text, 1, FILE_MAX_BYTES, file);
		text[len] = '\0';
		bool fits = !ferror(file) && feof(file);
		if (!fits || strlen(text) != len) {
			errno = ferror(file) ? errno : fits ? EINVAL : EFBIG;
			free(text);
			text = NULL;
		}
	}
	int error = errno;
	if (file != NULL)
		fclose(file);
	errno = error;
	return text;
}

/** Trim white space off both ends, in place. */
static char *trim(char *text)
{
	text += strspn(text, " \t\r");
	size_t len = strlen(text);
	while (len > 0 && strchr(" \t\r", text[len - 1]) != NULL)
		len--;
	text[len] = '\0';
	return text;
}

/** Read one line "name = value" into `out`; returns NULL, or what is wrong with it. */
static const char *read_line(char *line, const char *path, size_t number, struct settings *out)
{
	line = trim(line);
	if (*line == '\0' || *line == '#')
		return NULL;
	char *equals = strchr(line, '=');
	if (equals == NULL)
		return "'name = value' is expected";
	*equals = '\0';
	const char *name = trim(line);
	size_t option = option_find(name, strlen(name));
	if (option == option_count)
		return "unknown name; --help lists them, here without the dashes";
	if (option == 0)
		return "a file cannot name another";
	if (out->of[option].value != NULL)
		return "this name stood before";
	out->of[option] = (struct setting){trim(equals + 1), path, number};
	return NULL;
}

/** Read all lines of `text`, which is cut into pieces that `out` borrows; wrong lines are
 *  skipped and reported. */
static bool read_lines(char *text, const char *path, struct settings *out, FILE *err)
{
	char *rest = text, *line;
	bool good = true;
	for (size_t number = 1; (line = strsep(&rest, "\n")) != NULL; number++) {
		const char *wrong = read_line(line, path, number, out);
		if (wrong != NULL) {
			fprintf(err, "precis: %s, line %zu: %s\n", path, number, wrong);
			good = false;
		}
	}
	return good;
}

bool settings_read_file(const char *path, struct settings *out, char **text, FILE *err)
{
	*text = read_text(path);
	if (*text != NULL)
		return read_lines(*text, path, out, err);
	fprintf(err, "precis: --config %s: %s\n", path, strerror(errno));
	return false;
}

enum settings_wish settings_read_flags(int argc, char **argv, struct settings *out, FILE *err)
{
	enum settings_wish wish = SETTINGS_RUN;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return SETTINGS_HELP;
		if (strcmp(argv[i], "--version") == 0)
			return SETTINGS_VERSION;
		if (strcmp(argv[i], "--check-config") == 0) {
			wish = SETTINGS_CHECK;
			continue;
		}
		const char *value;
		size_t option = find_option(argv[i], &value);
		if (option == option_count) {
			fprintf(err, "precis: unknown option '%s'; --help lists them\n", argv[i]);
			return SETTINGS_REFUSED;
		}
		if (value == NULL && ++i == argc) {
			fprintf(err, "precis: --%s needs a value\n", option_table[option].flag);
			return SETTINGS_REFUSED;
		}
		out->of[option] = (struct setting){value != NULL ? value : argv[i], "flag", 0};
	}
	return wish;
}

/* Compose files and the like turn a variable that was never set into an empty one, which must not
 * disable keys that the file asks for. An empty variable counts only for options in which empty
 * differs from the default. */
struct setting settings_choose(const struct option *option, const char *env, struct setting flag,
			       struct setting file)
{
	const char *inherited = getenv(env);
	if (flag.value != NULL)
		return flag;
	if (inherited != NULL && (*inherited != '\0' || option->kind == OPTION_HOSTS))
		return (struct setting){inherited, env, 0};
	if (file.value != NULL)
		return file;
	return (struct setting){option->fallback, "default", 0};
}
