/* SPDX-License-Identifier: MIT */
/* table: cells in one growing array; widths are measured when printing. */
#define _GNU_SOURCE     /* vasprintf, wcwidth */
#include "ctl/table.h"

#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "lib/text.h"

enum {
	CELL_SIZE = 1024,       /* a longer text is cut */
	COLUMNS_MAX = 16,
	GAP = 2,                /* blanks between columns */
	SHRUNK_MIN = 6,         /* a column never gets narrower than this */
};

struct cell {
	char *text;
	enum ink ink;
};

struct table {
	const struct column *columns;
	size_t column_count;
	struct cell *cells;
	size_t used, room;
};

static const char *const ink_codes[INK_COUNT] = {
	[INK_NONE] = "",
	[INK_RED] = "\033[31m",
	[INK_YELLOW] = "\033[33m",
	[INK_GREEN] = "\033[32m",
	[INK_BOLD] = "\033[1m",
	[INK_DIM] = "\033[2m",
};

static void widths_measure(const struct table *table, bool has_titles,
    size_t *ret_widths);
static void widths_shrink(const struct table *table, size_t width,
    size_t *widths);
static void row_print(const struct table *table, const struct cell *cells,
    const size_t *widths, FILE *out, const struct paper *paper);
static void cell_print(const struct cell *cell, size_t width, bool is_right,
    bool is_last, FILE *out, const struct paper *paper);
static size_t text_fit(const char *text, size_t width, size_t *ret_width);
static size_t step(const char *at, int *ret_width);

void
table_init(void)
{
	setlocale(LC_CTYPE, "");
	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		setlocale(LC_CTYPE, "C.UTF-8");
}

struct paper
paper_of(FILE *out)
{
	struct paper paper = { 0 };
	struct winsize size;

	if (!isatty(fileno(out)))
		return paper;
	paper.has_colour = true;
	if (ioctl(fileno(out), TIOCGWINSZ, &size) == 0) {
		paper.width = size.ws_col;
		paper.height = size.ws_row;
	}
	return paper;
}

struct table *
table_new(const struct column *columns, size_t count)
{
	struct table *table = calloc(1, sizeof(*table));

	CHECK(table != NULL);
	CHECK(count > 0 && count <= COLUMNS_MAX);
	table->columns = columns;
	table->column_count = count;
	return table;
}

void
table_free(struct table *table)
{
	if (table == NULL)
		return;
	for (size_t i = 0; i < table->used; i++)
		free(table->cells[i].text);
	free(table->cells);
	free(table);
}

void
table_cell(struct table *table, enum ink ink, const char *text)
{
	char *whole = strdup(text), cut[CELL_SIZE];

	CHECK(whole != NULL);
	text_make_safe(whole);
	text_copy(cut, sizeof(cut), whole);
	free(whole);
	if (table->used == table->room) {
		table->room = table->room == 0 ? 64 : table->room * 2;
		table->cells = realloc(table->cells,
		    table->room * sizeof(*table->cells));
		CHECK(table->cells != NULL);
	}
	table->cells[table->used].ink = ink;
	table->cells[table->used].text = strdup(cut);
	CHECK(table->cells[table->used].text != NULL);
	table->used++;
}

void
table_cellf(struct table *table, enum ink ink, const char *format, ...)
{
	va_list arguments;
	char *text;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	CHECK(length >= 0);
	table_cell(table, ink, text);
	free(text);
}

void
table_print(const struct table *table, FILE *out, const struct paper *paper,
    bool has_titles)
{
	size_t widths[COLUMNS_MAX];
	struct cell titles[COLUMNS_MAX];

	CHECK(table->used % table->column_count == 0);
	if (table->used == 0)
		return;
	widths_measure(table, has_titles, widths);
	if (paper->width > 0)
		widths_shrink(table, (size_t)paper->width, widths);
	if (has_titles) {
		for (size_t i = 0; i < table->column_count; i++)
			titles[i] = (struct cell){
				(char *)table->columns[i].title, INK_DIM };
		row_print(table, titles, widths, out, paper);
	}
	for (size_t i = 0; i < table->used; i += table->column_count)
		row_print(table, &table->cells[i], widths, out, paper);
}

void
print_line(FILE *out, const struct paper *paper, enum ink ink,
    const char *format, ...)
{
	va_list arguments;
	char *text;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	CHECK(length >= 0);
	text_make_safe(text);
	if (ink != INK_NONE && paper->has_colour)
		fprintf(out, "%s%s\033[0m\n", ink_codes[ink], text);
	else
		fprintf(out, "%s\n", text);
	free(text);
}

void
text_make_safe(char *text)
{
	size_t left = strlen(text);

	for (char *at = text; left > 0 && !text_is_utf8(at, left);) {
		size_t length = 1;

		while (length < left && length < 4 && !text_is_utf8(at, length))
			length++;
		if (!text_is_utf8(at, length)) {
			*at = '?';
			length = 1;
		}
		at += length;
		left -= length;
	}
	text_clean(text, false);
}

size_t
text_width(const char *text)
{
	size_t width;

	text_fit(text, SIZE_MAX, &width);
	return width;
}

/* A column is as wide as its widest cell; 0: nothing to show. */
static void
widths_measure(const struct table *table, bool has_titles, size_t *ret_widths)
{
	memset(ret_widths, 0, sizeof(*ret_widths) * table->column_count);
	for (size_t i = 0; i < table->used; i++) {
		size_t *width = &ret_widths[i % table->column_count];
		size_t own = text_width(table->cells[i].text);

		if (own > *width)
			*width = own;
	}
	for (size_t i = 0; has_titles && i < table->column_count; i++) {
		size_t own = text_width(table->columns[i].title);

		if (ret_widths[i] > 0 && own > ret_widths[i])
			ret_widths[i] = own;
	}
}

/* The widest of those that may gives way, column by column. */
static void
widths_shrink(const struct table *table, size_t width, size_t *widths)
{
	for (;;) {
		size_t total = 0, widest = SIZE_MAX;

		for (size_t i = 0; i < table->column_count; i++) {
			if (widths[i] == 0)
				continue;
			total += widths[i] + (total > 0 ? GAP : 0);
			if (table->columns[i].may_shrink &&
			    widths[i] > SHRUNK_MIN && (widest == SIZE_MAX ||
			    widths[i] > widths[widest]))
				widest = i;
		}
		if (total <= width || widest == SIZE_MAX)
			return;
		widths[widest]--;
	}
}

static void
row_print(const struct table *table, const struct cell *cells,
    const size_t *widths, FILE *out, const struct paper *paper)
{
	size_t last = 0, left = paper->width > 0 ? (size_t)paper->width :
	    SIZE_MAX;
	bool is_first = true;

	for (size_t i = 0; i < table->column_count; i++) {
		if (widths[i] > 0 && cells[i].text[0] != '\0')
			last = i;
	}
	for (size_t i = 0; i <= last; i++) {
		size_t gap = is_first ? 0 : GAP;
		size_t width = widths[i];

		if (width == 0)
			continue;
		/* On a very narrow screen the last columns are not seen. */
		if (left <= gap)
			break;
		if (width > left - gap)
			width = left - gap;
		left -= gap + width;
		fprintf(out, "%*s", (int)gap, "");
		cell_print(&cells[i], width, table->columns[i].is_right,
		    i == last, out, paper);
		is_first = false;
	}
	putc('\n', out);
}

static void
cell_print(const struct cell *cell, size_t width, bool is_right, bool is_last,
    FILE *out, const struct paper *paper)
{
	size_t shown, length = text_fit(cell->text, width, &shown);
	bool is_cut = cell->text[length] != '\0';
	bool has_ink = cell->ink != INK_NONE && paper->has_colour &&
	    length > 0;
	int pad;

	if (is_cut) {
		length = text_fit(cell->text, width - 1, &shown);
		shown++;
	}
	pad = (int)(width - shown);
	if (is_right)
		fprintf(out, "%*s", pad, "");
	if (has_ink)
		fputs(ink_codes[cell->ink], out);
	fwrite(cell->text, 1, length, out);
	if (is_cut)
		fputs("…", out);
	if (has_ink)
		fputs("\033[0m", out);
	if (!is_right && !is_last)
		fprintf(out, "%*s", pad, "");
}

/* Bytes of the text's beginning that fit; all that has no width of its own
 * stays with the character before it. */
static size_t
text_fit(const char *text, size_t width, size_t *ret_width)
{
	size_t length = 0, used = 0;

	while (text[length] != '\0') {
		int own;
		size_t bytes = step(text + length, &own);

		if (used + (size_t)own > width)
			break;
		used += (size_t)own;
		length += bytes;
	}
	*ret_width = used;
	return length;
}

/* The bytes of one character. What the system does not know takes one column. */
static size_t
step(const char *at, int *ret_width)
{
	mbstate_t state = { 0 };
	wchar_t character;
	size_t bytes = mbrtowc(&character, at, strlen(at), &state);

	*ret_width = 1;
	if (bytes == 0 || bytes > MB_LEN_MAX)
		return 1;
	*ret_width = wcwidth(character);
	if (*ret_width < 0)
		*ret_width = 1;
	return bytes;
}
