#include "option_help.h"

#include "option.h"
#include "version.h"

#include <stdbool.h>
#include <string.h>

/* The columns at which the help texts begin and end. */
#define HELP_COLUMN 23
#define HELP_WIDTH 79

/** Print words from HELP_COLUMN, where the cursor is, wrapping lines, and end the line. */
static void print_wrapped(FILE *out, const char *text)
{
	size_t column = HELP_COLUMN;
	for (size_t len; (len = strcspn(text, " ")) > 0; text += len + (text[len] == ' ')) {
		if (column > HELP_COLUMN && column + 1 + len > HELP_WIDTH) {
			fprintf(out, "\n%*s", HELP_COLUMN, "");
			column = HELP_COLUMN;
		}
		bool is_first = column == HELP_COLUMN;
		fprintf(out, "%s%.*s", is_first ? "" : " ", (int)len, text);
		column += len + !is_first;
	}
	fputc('\n', out);
}

void option_help_print(FILE *out)
{
	fprintf(out,
		"precis " PRECIS_VERSION ": summarizes articles over HTTP\n\n"
		"usage: precis [--OPTION VALUE]...\n"
		"       precis health [URL]    exit 0 when the service at URL is alive\n\n"
		"Each option can also be set in the environment (--max-body as PRECIS_MAX_BODY)\n"
		"and in the file of --config (max-body = 10M). An empty variable counts as\n"
		"unset, except PRECIS_URL_HOSTS=, which allows no host.\n\n");
	for (size_t i = 0; i < option_count; i++) {
		char takes[OPTION_TAKES_MAX], takes_line[200];
		option_describe(&option_table[i], takes);
		snprintf(takes_line, sizeof(takes_line), "takes %s; default %s", takes,
			 *option_table[i].fallback == '\0' ? "none" : option_table[i].fallback);
		fprintf(out, "  --%-*s", HELP_COLUMN - 4, option_table[i].flag);
		print_wrapped(out, option_table[i].help);
		fprintf(out, "%*s", HELP_COLUMN, "");
		print_wrapped(out, takes_line);
	}
	fprintf(out, "\n  --check-config       say what every option is set to, and stop\n"
		     "  --version            say the version, and stop\n"
		     "  --help, -h           this\n");
}
