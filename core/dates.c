#include "dates.h"

#include "ascii.h"
#include "utf8.h"

#include <stdint.h>
#include <utf8proc.h>

#define LOOKED_AT 200

/* The first letters of each month's name, lower case; the first that fits wins, so that longer ones
 * come first where one begins another. NULL after the last. */
enum { MOST_NAMES = 12 };
static const char *const months[12][MOST_NAMES] = {
	{"jan", "jän", "gen", "ene", "sty", "янв", "січ", "oca", "led", "tamm"},
	{"feb", "fév", "fev", "lut", "фев", "лют", "şub", "úno", "helmi"},
	{"mart", "mar", "mär", "maart", "mrt", "мар", "бер", "břez", "maalis"},
	{"apr", "avr", "abr", "kwi", "апр", "кві", "nis", "dub", "huhti"},
	{"may", "mai", "mag", "mei", "maj", "мая", "май", "тра", "květ", "touko"},
	{"juin", "jun", "giu", "cze", "июн", "чер", "haz", "červen", "kesä"},
	{"juil", "jul", "lug", "lip", "июл", "лип", "tem", "heinä"},
	{"aug", "aoû", "aou", "ago", "sie", "авг", "сер", "ağ", "srp", "elo"},
	{"sep", "set", "wrz", "сен", "вер", "eyl", "zář", "syys"},
	{"oct", "okt", "out", "ott", "paź", "окт", "жов", "eki", "říj", "loka"},
	{"nov", "lis", "ноя", "лис", "kas", "marras"},
	{"dec", "dez", "déc", "dic", "des", "gru", "дек", "гру", "ara", "pro", "joulu"},
};

/* A cursor over the text in lower case. */
struct reader {
	char text[LOOKED_AT * 2 + 1];
	size_t len;
};

struct moment {
	int year, month, day, hour, minute, second, offset_minutes;
	bool has_time, has_offset;
};

static void lower(struct span text, struct reader *out)
{
	size_t n = 0;
	for (size_t at = 0; at < text.len && at < LOOKED_AT;) {
		uint32_t c;
		at += utf8_decode(text, at, &c);
		n += utf8_encode((uint32_t)utf8proc_tolower((utf8proc_int32_t)c), out->text + n);
	}
	out->text[n] = '\0';
	out->len = n;
}

/* Read at most `max` digits at `at`, not followed by another; returns how many. */
static size_t digits(const char *at, size_t max, int *value)
{
	size_t n = 0;
	*value = 0;
	for (; ascii_is_digit(at[n]); n++) {
		if (n == max)
			return 0;
		*value = *value * 10 + (at[n] - '0');
	}
	return n;
}

static bool is_date(const struct moment *m)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	if (m->year < 1990 || m->year > 2099 || m->month < 1 || m->month > 12)
		return false;
	bool leap_day = m->month == 2 && m->year % 4 == 0; /* 2000 was a leap year too */
	return m->day >= 1 && m->day <= days[m->month - 1] + leap_day;
}

/* "+01:00", "+0100", "z", "gmt", "utc" at `at`, blanks before it allowed. */
static void read_offset(const char *at, struct moment *m)
{
	int hours, minutes = 0;
	at += strspn(at, " ");
	if (*at == 'z' || strncmp(at, "gmt", 3) == 0 || strncmp(at, "utc", 3) == 0) {
		m->has_offset = true;
		return;
	}
	if (*at != '+' && *at != '-')
		return;
	int sign = *at++ == '-' ? -1 : 1;
	size_t n = digits(at, 4, &hours);
	if (n == 4) {
		minutes = hours % 100;
		hours /= 100;
	} else if (n != 2 || (at[2] == ':' && digits(at + 3, 2, &minutes) != 2)) {
		return;
	}
	if (hours <= 14 && minutes < 60) {
		m->has_offset = true;
		m->offset_minutes = sign * (hours * 60 + minutes);
	}
}

/* "08:30", "8:30:05.123 pm" after a date, with a few separators between. */
static void read_time(const char *at, struct moment *m)
{
	size_t skipped = strspn(at, " ,t|-\xE2\x80\x93");
	if (skipped > 5)
		return;
	at += skipped;
	size_t n = digits(at, 2, &m->hour);
	if (n == 0 || (at[n] != ':' && at[n] != 'h'))
		return;
	at += n + 1;
	if (digits(at, 2, &m->minute) != 2)
		return;
	at += 2;
	int second = 0;
	if (*at == ':' && digits(at + 1, 2, &second) == 2)
		at += 3;
	m->second = second;
	if (*at == '.' && ascii_is_digit(at[1]))
		at += 1 + strspn(at + 1, "0123456789");
	at += strspn(at, " ");
	if (strncmp(at, "pm", 2) == 0 && m->hour < 12)
		m->hour += 12;
	else if (strncmp(at, "am", 2) == 0 && m->hour == 12)
		m->hour = 0;
	if (m->hour > 23 || m->minute > 59 || m->second > 60)
		return;
	m->has_time = true;
	read_offset(at, m);
}

/* 2024-03-12, 2024/3/12, 2024.03.12, 20240312 */
static bool read_year_first(const char *at, struct moment *m)
{
	int number;
	size_t n = digits(at, 8, &number);
	if (n == 8) {
		*m = (struct moment){
			.year = number / 10000, .month = number / 100 % 100, .day = number % 100};
		return is_date(m) && (read_time(at + 8, m), true);
	}
	if (n != 4 || !ascii_is_in(at[4], "-/."))
		return false;
	*m = (struct moment){.year = number};
	size_t of_month = digits(at + 5, 2, &m->month);
	if (of_month == 0 || at[5 + of_month] != at[4])
		return false;
	/* In "12T08:30" the day's digits are followed by a letter, never by a third digit. */
	size_t of_day = digits(at + 6 + of_month, 2, &m->day);
	if (of_day == 0 || !is_date(m))
		return false;
	read_time(at + 6 + of_month + of_day, m);
	return true;
}

/* 12.3.2024, 12/03/2024, 12-03-24 */
static bool read_day_first(const char *at, bool month_first, struct moment *m)
{
	int first, second, year;
	size_t n = digits(at, 2, &first);
	if (n == 0 || !ascii_is_in(at[n], "./-"))
		return false;
	char mark = at[n++];
	n += at[n] == ' ';
	size_t of_second = digits(at + n, 2, &second);
	if (of_second == 0 || at[n + of_second] != mark)
		return false;
	n += of_second + 1;
	n += at[n] == ' ';
	size_t of_year = digits(at + n, 4, &year);
	if (of_year != 4 && of_year != 2)
		return false;
	if (of_year == 2)
		year += year < 70 ? 2000 : 1900;
	bool swap = mark != '.' && (second > 12 || (month_first && first <= 12));
	*m = (struct moment){
		.year = year, .month = swap ? first : second, .day = swap ? second : first};
	if (!is_date(m))
		return false;
	read_time(at + n + of_year, m);
	return true;
}

static int month_at(const char *at)
{
	for (int month = 0; month < 12; month++) {
		const char *const *name = months[month];
		for (; *name != NULL; name++)
			if (at[0] == (*name)[0] && strncmp(at, *name, strlen(*name)) == 0)
				return month + 1;
	}
	return 0;
}

/* The number before `at`, skipping blanks, dots, ordinal endings and "de". */
static int number_before(const char *text, const char *at)
{
	static const char *const between[] = {"de", "of", "th", "st", "nd", "rd", "er"};
	for (int tries = 0; tries < 2; tries++) { /* "12th of March" has two */
		while (at > text && strchr(" .,-\xC2\xBA", at[-1]) != NULL)
			at--;
		for (size_t i = 0; i < COUNT(between); i++) {
			if (at - text >= 3 && memcmp(at - 2, between[i], 2) == 0) {
				at -= 2;
				break;
			}
		}
	}
	while (at > text && strchr(" .", at[-1]) != NULL)
		at--;
	const char *end = at;
	while (at > text && ascii_is_digit(at[-1]))
		at--;
	int value = 0;
	return end - at >= 1 && end - at <= 2 && digits(at, 2, &value) > 0 ? value : 0;
}

/* 12 March 2024, March 12th, 2024, 12. März 2024, 12 de marzo de 2024 */
static bool read_named(const struct reader *r, const char *at, struct moment *m)
{
	int month, value;
	if ((at > r->text && ascii_is_letter(at[-1])) || (month = month_at(at)) == 0)
		return false;
	int day = number_before(r->text, at);
	while (*at != '\0' && !ascii_is_digit(*at) && strchr(" ,.", *at) == NULL)
		at++; /* the rest of the name */
	for (int tries = 0; tries < 2; tries++) {
		size_t skipped = strspn(at, " ,.'");
		if (strncmp(at + skipped, "de ", 3) == 0)
			skipped += 3;
		at += skipped;
		size_t n = digits(at, 4, &value);
		if (n == 4) {
			*m = (struct moment){.year = value, .month = month, .day = day};
			if (!is_date(m))
				return false;
			read_time(at + 4, m);
			return true;
		}
		if (n == 0 || n > 2 || day != 0)
			return false;
		day = value;
		at += n;
		if (ascii_is_letter(at[0]) && ascii_is_letter(at[1]))
			at += 2; /* 12th */
	}
	return false;
}

/* 2024年3月12日, 2024년 3월 12일 */
static bool read_east_asian(const char *at, struct moment *m)
{
	static const char *const units[][3] = {{"\xE5\xB9\xB4", "\xE6\x9C\x88", "\xE6\x97\xA5"},
					       {"\xEB\x85\x84", "\xEC\x9B\x94", "\xEC\x9D\xBC"}};
	for (size_t i = 0; i < 2; i++) {
		const char *p = at;
		int values[3] = {0};
		size_t k = 0;
		for (; k < 3; k++) {
			p += strspn(p, " ");
			size_t n = digits(p, k == 0 ? 4 : 2, &values[k]);
			if (n == 0 || strncmp(p + n, units[i][k], 3) != 0)
				break;
			p += n + 3;
		}
		*m = (struct moment){.year = values[0], .month = values[1], .day = values[2]};
		if (k == 3 && is_date(m)) {
			read_time(p, m);
			return true;
		}
	}
	return false;
}

/* The date of a day counted from 1 January 1970. Years begin in March here, so that the leap day
 * comes last; any 400 of them have 146,097 days. */
static void set_civil(struct moment *m, int day)
{
	int since = day + 719468, era = since / 146097, of_era = since % 146097;
	int year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int of_year = of_era - (365 * year + year / 4 - year / 100);
	int month = (5 * of_year + 2) / 153; /* 0: March */
	m->day = of_year - (153 * month + 2) / 5 + 1;
	m->month = month < 10 ? month + 3 : month - 9;
	m->year = year + era * 400 + (m->month <= 2);
}

static bool read_unix_time(const struct reader *r, struct moment *m)
{
	if (r->len != strspn(r->text, "0123456789") || (r->len != 10 && r->len != 13))
		return false;
	int64_t seconds = 0;
	for (size_t i = 0; i < 10; i++)
		seconds = seconds * 10 + (r->text[i] - '0');
	int of_day = (int)(seconds % 86400);
	*m = (struct moment){.hour = of_day / 3600,
			     .minute = of_day / 60 % 60,
			     .second = of_day % 60,
			     .has_time = true,
			     .has_offset = true};
	set_civil(m, (int)(seconds / 86400));
	return is_date(m);
}

/* `value` as `digits` digits and then `end`; returns what follows. */
static char *write_number(char *out, int value, int digit_count, char end)
{
	for (int i = digit_count; i-- > 0; value /= 10)
		out[i] = (char)('0' + value % 10);
	out[digit_count] = end;
	return out + digit_count + 1;
}

static void write_moment(const struct moment *m, char out[DATE_MAX])
{
	bool whole = m->has_time && m->has_offset; /* RFC 3339 has no time without an offset */
	out = write_number(out, m->year, 4, '-');
	out = write_number(out, m->month, 2, '-');
	out = write_number(out, m->day, 2, whole ? 'T' : '\0');
	if (!whole)
		return;
	int offset = m->offset_minutes < 0 ? -m->offset_minutes : m->offset_minutes;
	out = write_number(out, m->hour, 2, ':');
	out = write_number(out, m->minute, 2, ':');
	out = write_number(out, m->second, 2,
			   offset == 0             ? 'Z'
			   : m->offset_minutes < 0 ? '-'
						   : '+');
	if (offset == 0) {
		*out = '\0';
		return;
	}
	out = write_number(out, offset / 60, 2, ':');
	write_number(out, offset % 60, 2, '\0');
}

bool date_read(struct span text, bool month_first, char out[DATE_MAX])
{
	struct reader r;
	struct moment m;
	lower(text, &r);
	bool found = read_unix_time(&r, &m);
	for (const char *at = r.text; !found && *at != '\0'; at++) {
		bool number = ascii_is_digit(*at) && (at == r.text || !ascii_is_digit(at[-1]));
		if (number)
			found = read_year_first(at, &m) || read_east_asian(at, &m) ||
				read_day_first(at, month_first, &m);
		else if (!ascii_is_digit(*at))
			found = read_named(&r, at, &m);
	}
	if (found)
		write_moment(&m, out);
	return found;
}

bool date_read_url(struct span url, char out[DATE_MAX])
{
	for (size_t at = 0; at + 11 <= url.len; at++) {
		char piece[16] = "";
		struct moment m;
		if (url.at[at] != '/' || !ascii_is_digit(url.at[at + 1]))
			continue;
		size_t len = url.len - at - 1 < 12 ? url.len - at - 1 : 12;
		memcpy(piece, url.at + at + 1, len);
		if (ascii_is_digit(piece[4]) || !read_year_first(piece, &m))
			continue;
		m.has_time = false;
		write_moment(&m, out);
		return true;
	}
	return false;
}
