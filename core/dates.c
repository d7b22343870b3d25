#include "dates.h"

#include "ascii.h"
#include "utf8.h"

#include <stdint.h>
#include <utf8proc.h>

#define LOOKED_AT 200

/* The first letters of each month's name, as plain_letter() and lower case leave them; the longest
 * that fits wins ("mar" is March, "marras" a November). NULL after the last. */
enum { MOST_NAMES = 27 };
static const char *const months[12][MOST_NAMES] = {
	{"jan",          "jän",   "jaan",  "gen",   "ene",    "ian",  "sty",  "янв",
	 "січ",          "яну",   "ιαν",   "oca",   "led",    "tamm", "saus", "يناير",
	 "كانون الثاني", "جانفي", "ינואר", "जनवरी", "มกราคม", "ม.ค."},
	{"feb",  "fév",   "fev",    "lut",  "фев",   "лют",    "φεβ",   "şub",   "úno",     "helmi",
	 "veeb", "vasar", "فبراير", "شباط", "فيفري", "פברואר", "फ़रवरी", "फरवरी", "กุมภาพันธ์", "ก.พ."},
	{"mart", "mar", "mär",    "már", "mac",  "maart", "mrt", "мар",  "бер",   "břez",
	 "μάρ",  "μαρ", "maalis", "kov", "مارس", "اذار",  "מרץ", "मार्च", "มีนาคม", "มี.ค."},
	{"apr", "ápr", "avr", "abr", "kwi", "апр", "кві", "απρ", "nis", "dub", "huhti", "baland",
	 "ابريل", "نيسان", "افريل", "אפריל", "अप्रैल", "เมษายน", "เม.ย."},
	{"may",  "mai",  "mag", "mei", "maj", "máj",     "мая",   "май",
	 "маи",  "тра",  "μαΐ", "μάι", "μαι", "květ",    "touko", "geguž",
	 "مايو", "ايار", "ماي", "מאי", "मई",  "พฤษภาคม", "พ.ค."},
	{"juin",  "jun",   "jún",    "jūn",  "juun", "giu",    "iun",    "cze",  "июн",
	 "чер",   "юни",   "ιούν",   "ιουν", "haz",  "červen", "červn",  "kesä", "birž",
	 "يونيو", "يونيه", "حزيران", "جوان", "יוני", "जून",     "มิถุนายน", "มิ.ย."},
	{"juil",  "jul",   "júl",  "jūl",    "juul", "lug",     "iul",     "lip",  "июл",
	 "лип",   "юли",   "ιούλ", "ιουλ",   "tem",  "červenc", "heinä",   "liep", "srpnj",
	 "يوليو", "يوليه", "تموز", "جويلية", "יולי", "जुलाई",    "กรกฎาคม", "ก.ค."},
	{"aug", "avg", "aoû", "aou",   "ago",   "agu", "sie", "авг",    "сер",  "αύγ",    "αυγ",
	 "ağu", "srp", "elo", "rugpj", "اغسطس", "اب",  "اوت", "אוגוסט", "अगस्त", "สิงหาคม", "ส.ค."},
	{"sep", "set", "szept", "wrz", "сен", "вер", "сеп", "σεπ", "eyl", "zář", "syys", "rugs",
	 "سبتمبر", "ايلول", "ספטמבר", "सितंबर", "सितम्बर", "กันยายน", "ก.ย."},
	{"oct", "okt", "out", "ott", "paź", "окт", "жов", "οκτ", "eki", "říj", "loka", "spal",
	 "اكتوبر", "تشرين الاول", "אוקטובר", "अक्टूबर", "अक्तूबर", "ตุลาคม", "ต.ค."},
	{"nov", "noi", "lis", "ноя", "лис", "ное", "νοέ", "νοε", "kas", "marras", "lapkr", "نوفمبر",
	 "تشرين الثاني", "נובמבר", "नवंबर", "नवम्बर", "พฤศจิกายน", "พ.ย."},
	{"dec",         "dez",   "déc",   "dic",    "des",    "det",   "gru",
	 "дек",         "гру",   "δεκ",   "ara",    "pro",    "joulu", "ديسمبر",
	 "كانون الاول", "דצמבר", "दिसंबर", "दिसम्बर", "ธันวาคม", "ธ.ค."},
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

/* Digits, marks and spaces of other scripts as those of ASCII, and alef without what stands on it,
 * which many leave out; 0 for what only sets the direction of writing. */
static uint32_t plain_letter(uint32_t c)
{
	static const uint16_t zeros[] = {0x0660, 0x06F0, 0x0966, 0x09E6, 0x0E50};
	for (size_t i = 0; i < COUNT(zeros); i++)
		if (c - zeros[i] < 10)
			return '0' + c - zeros[i];
	if (c >= 0xFF01 && c <= 0xFF5E) /* full width */
		return c - 0xFF01 + '!';
	if (c == 0x00A0 || c == 0x2009 || c == 0x202F || c == 0x3000)
		return ' ';
	if (c == 0x0622 || c == 0x0623 || c == 0x0625)
		return 0x0627;
	if (c == 0x060C)
		return ',';
	return c == 0x200E || c == 0x200F ? 0 : c;
}

static void lower(struct span text, struct reader *out)
{
	size_t n = 0;
	for (size_t at = 0; at < text.len && at < LOOKED_AT;) {
		uint32_t c;
		at += utf8_decode(text, at, &c);
		if (c >= 0x80 && (c = plain_letter(c)) == 0)
			continue;
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

/* 2024-03-12, 2024/3/12, 2024.03.12, 2024. 3. 12., 20240312 */
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
	char mark = at[4];
	at += 5;
	at += mark == '.' && *at == ' ';
	size_t of_month = digits(at, 2, &m->month);
	if (of_month == 0 || at[of_month] != mark)
		return false;
	at += of_month + 1;
	at += mark == '.' && *at == ' ';
	/* In "12T08:30" the day's digits are followed by a letter, never by a third digit. */
	size_t of_day = digits(at, 2, &m->day);
	if (of_day == 0 || !is_date(m))
		return false;
	read_time(at + of_day, m);
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
	bool swap = second > 12 || (mark != '.' && month_first && first <= 12);
	*m = (struct moment){
		.year = year, .month = swap ? first : second, .day = swap ? second : first};
	if (!is_date(m))
		return false;
	read_time(at + n + of_year, m);
	return true;
}

/* The month whose name begins at `at`, 0 for none, and how much of the text said so. */
static int month_at(const char *at, size_t *len)
{
	static const char numbered[] = "tháng "; /* Vietnamese months have numbers */
	int found = 0;
	*len = 0;
	for (int month = 0; month < 12; month++) {
		const char *const *name = months[month];
		for (; *name != NULL; name++) {
			if (at[0] != (*name)[0])
				continue;
			size_t of_name = strlen(*name);
			if (of_name > *len && strncmp(at, *name, of_name) == 0) {
				found = month + 1;
				*len = of_name;
			}
		}
	}
	if (strncmp(at, numbered, sizeof(numbered) - 1) == 0) {
		size_t of_number = digits(at + sizeof(numbered) - 1, 2, &found);
		*len = sizeof(numbered) - 1 + of_number;
	}
	return found;
}

/* The number before `at`, skipping blanks, dots, ordinal endings, "de" and the like; 0 unless it
 * has `least` to `most` digits. */
static int number_before(const char *text, const char *at, int least, int most)
{
	static const char *const between[] = {"de", "of", "th", "st", "nd", "rd", "er", "ב"};
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
	if (at - text >= 5 && at[-1] == 'm' && at[-2] == ' ') /* "2024 m.", Lithuanian */
		at -= 2;
	const char *end = at;
	while (at > text && ascii_is_digit(at[-1]))
		at--;
	int value = 0;
	return end - at >= least && end - at <= most && digits(at, 4, &value) > 0 ? value : 0;
}

/* Is a number the last of a date that begins with the year, or of something else: "2019 may 15
 * people"? */
static bool ends_date(const char *at)
{
	at += *at == '.' || *at == ',' || *at == ';';
	at += strspn(at, " ");
	return !ascii_is_letter(*at) || (*at == 'd' && !ascii_is_letter(at[1]));
}

/* A year as most of the world counts: in Thailand it is written with 543 years more. */
static int common_year(int year)
{
	return year > 2400 ? year - 543 : year;
}

/* 12 March 2024, March 12th, 2024, 12. März 2024, 12 de marzo de 2024, 2024 Mar 12 */
static bool read_named(const struct reader *r, const char *at, struct moment *m)
{
	int value;
	size_t len;
	if (at > r->text && ascii_is_letter(at[-1]))
		return false;
	int month = month_at(at, &len);
	if (month == 0)
		return false;
	int day = number_before(r->text, at, 1, 2), year = number_before(r->text, at, 4, 4);
	at += len;
	while (*at != '\0' && !ascii_is_digit(*at) && strchr(" ,.", *at) == NULL)
		at++; /* the rest of the name */
	for (int tries = 0; tries < 2; tries++) {
		size_t skipped = strspn(at, " ,.'");
		if (strncmp(at + skipped, "de ", 3) == 0)
			skipped += 3;
		else if (strncmp(at + skipped, "năm ", 5) == 0)
			skipped += 5;
		at += skipped;
		size_t n = digits(at, 4, &value);
		if (n == 4) {
			*m = (struct moment){
				.year = common_year(value), .month = month, .day = day};
			if (!is_date(m))
				return false;
			read_time(at + 4, m);
			return true;
		}
		if (n == 0 || n > 2 || day != 0)
			return false;
		day = value;
		at += n;
		if (year != 0 && ends_date(at)) {
			*m = (struct moment){.year = year, .month = month, .day = day};
			return is_date(m);
		}
		if (ascii_is_letter(at[0]) && ascii_is_letter(at[1]))
			at += 2; /* 12th */
	}
	return false;
}

/* What is added to a year counted from an emperor's or the republic's first, said before it. */
static int era_before(const char *text, const char *at)
{
	static const struct {
		const char *name;
		int first;
	} eras[] = {{"令和", 2019}, {"平成", 1989}, {"民國", 1912}, {"民国", 1912}};
	for (size_t i = 0; i < COUNT(eras); i++) {
		size_t len = strlen(eras[i].name);
		if ((size_t)(at - text) >= len && memcmp(at - len, eras[i].name, len) == 0)
			return eras[i].first - 1;
	}
	return 0;
}

/* 2024年3月12日, 令和6年3月12日, 2024년 3월 12일 */
static bool read_east_asian(const char *text, const char *at, struct moment *m)
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
		*m = (struct moment){.year = values[0] + era_before(text, at),
				     .month = values[1],
				     .day = values[2]};
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
			found = read_year_first(at, &m) || read_east_asian(r.text, at, &m) ||
				read_day_first(at, month_first, &m);
		else if (!ascii_is_digit(*at) && ((unsigned char)*at & 0xC0) != 0x80)
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
