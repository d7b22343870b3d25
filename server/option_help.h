#ifndef SERVER_OPTION_HELP_H
#define SERVER_OPTION_HELP_H

#include <stdio.h>

/** Print what --help says. tests/options-table reads it, for the README and the man page. */
void option_help_print(FILE *out);

#endif
