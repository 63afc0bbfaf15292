/* SPDX-License-Identifier: MIT */
/* blocked: one table. */
#include "ctl/blocked.h"

#include <string.h>

#include "ctl/format.h"
#include "ctl/table.h"

#define END { NULL, FIELD_TEXT, false, NULL }

static const struct field inside[] = {
	{ "phone", FIELD_TEXT, true, NULL },
	{ "state", FIELD_TEXT, true, NULL },
	{ "why", FIELD_TEXT, false, NULL },
	{ "who", FIELD_TEXT, false, NULL },
	{ "since", FIELD_NUMBER, false, NULL },
	{ "until", FIELD_NUMBER, false, NULL },
	{ "for", FIELD_NUMBER, false, NULL },
	END
};

const struct field blocked_shape[] = {
	{ "blocked", FIELD_LIST, true, inside }, END
};

static const struct column columns[] = {
	{ "NUMBER", false, false },
	{ "STATE", false, false },
	{ "SINCE", false, false },
	{ "UNTIL", false, false },
	{ "WHO", false, false },
	{ "WHY", false, true },
};

static size_t
add_rows(struct ctl *ctl, struct table *table, const json_t *list,
    bool is_proposed)
{
	const json_t *one;
	char text[FORMAT_SIZE];
	size_t i, count = 0;

	json_array_foreach(list, i, one) {
		const char *state = field_text(one, "state");

		if ((strcmp(state, "proposed") == 0) != is_proposed)
			continue;
		count++;
		format_phone(field_text(one, "phone"), ctl->is_full, text);
		table_cell(table, INK_NONE, text);
		table_cell(table, is_proposed ? INK_YELLOW : INK_NONE, state);
		table_cell(table, INK_NONE, format_instant(
		    field_number(one, "since"), text));
		table_cell(table, INK_NONE, format_instant(
		    field_number(one, "until"), text));
		table_cell(table, INK_NONE, field_text(one, "who"));
		table_cell(table, INK_NONE, field_text(one, "why"));
	}
	return count;
}

enum exit_code
blocked_on_list(struct ctl *ctl, const json_t *answer)
{
	struct table *table = table_new(columns, COUNT_OF(columns));
	const json_t *list = field_list(answer, "blocked");
	size_t proposed = add_rows(ctl, table, list, true);

	add_rows(ctl, table, list, false);
	table_print(table, ctl->out, &ctl->paper, true);
	table_free(table);
	if (json_array_size(list) == 0)
		print_line(ctl->out, &ctl->paper, INK_NONE, "none");
	else if (proposed > 0)
		print_line(ctl->out, &ctl->paper, INK_DIM, "what is proposed "
		    "ends by itself: confirm block NUMBER, or unblock NUMBER");
	return EXIT_DONE;
}
