/* SPDX-License-Identifier: MIT */
/*
 * table: text for people's eyes: columns aligned by the width that characters
 * have on a screen, cut to the terminal's. All text is cleaned here, so nothing
 * that a stranger typed into a form can steer a terminal.
 */
#ifndef CALLBACKD_CTL_TABLE_H
#define CALLBACKD_CTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "lib/check.h"

enum ink { INK_NONE, INK_RED, INK_YELLOW, INK_GREEN, INK_BOLD, INK_DIM, INK_COUNT };

struct paper {
	int width;              /* columns; 0: lines are never cut */
	int height;             /* lines; 0: unknown */
	bool has_colour;
};

struct column {
	const char *title;
	bool is_right;          /* numbers stand at the right */
	bool may_shrink;        /* gives way when the line is too long */
};

struct table;

/* The columns are borrowed as long as the table lives. */
struct table *table_new(const struct column *columns, size_t count);
void table_free(struct table *table);

/* The next cell, row by row. The text is copied. */
void table_cell(struct table *table, enum ink ink, const char *text);
void table_cellf(struct table *table, enum ink ink, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Columns without any text are left out; a table without rows prints nothing.
 * Titles may be left out too. */
void table_print(const struct table *table, FILE *out,
    const struct paper *paper, bool has_titles);

/* The terminal behind the stream; a paper without limits if it is none. */
struct paper paper_of(FILE *out);

/* One line of cleaned text, not cut, in one ink. */
void print_line(FILE *out, const struct paper *paper, enum ink ink,
    const char *format, ...) PRINTF_LIKE(4, 5);

/* Columns on a screen. */
size_t text_width(const char *text);

/* Takes out what could steer a terminal; bytes that are no UTF-8 become "?". */
void text_make_safe(char *text);

/* Makes this program write UTF-8 whatever the locale says. */
void table_init(void);

#endif
