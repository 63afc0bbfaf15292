/* SPDX-License-Identifier: MIT */
/* letters: two tables and a word. */
#include "ctl/letters.h"

#include <string.h>

#include "ctl/format.h"
#include "ctl/table.h"

#define END { NULL, FIELD_TEXT, false, NULL }

static const struct field message_inside[] = {
	{ "id", FIELD_TEXT, true, NULL },
	{ "kind", FIELD_TEXT, true, NULL },
	{ "state", FIELD_TEXT, true, NULL },
	{ "reason", FIELD_TEXT, false, NULL },
	{ "error", FIELD_TEXT, false, NULL },
	{ "failed", FIELD_TRUTH, false, NULL },
	{ "to", FIELD_TEXT, false, NULL },
	{ "provider", FIELD_TEXT, false, NULL },
	{ "text", FIELD_TEXT, false, NULL },
	{ "waits_for", FIELD_TEXT, false, NULL },
	{ "paid", FIELD_TEXT, false, NULL },
	{ "currency", FIELD_TEXT, false, NULL },
	{ "created_at", FIELD_NUMBER, false, NULL },
	END
};

const struct field letters_shape[] = {
	{ "messages", FIELD_LIST, true, message_inside }, END
};

static const struct field wish_inside[] = {
	{ "why", FIELD_TEXT, false, NULL },
	{ "who", FIELD_TEXT, false, NULL },
	{ "since", FIELD_NUMBER, false, NULL },
	END
};

static const struct field suppressed_inside[] = {
	{ "phone", FIELD_TEXT, true, NULL },
	{ "calls", FIELD_OBJECT, false, wish_inside },
	{ "messages", FIELD_OBJECT, false, wish_inside },
	END
};

const struct field letters_suppressed_shape[] = {
	{ "suppressed", FIELD_LIST, true, suppressed_inside }, END
};

const struct field letters_changed_shape[] = {
	{ "changed", FIELD_TRUTH, true, NULL }, END
};

static const struct column message_columns[] = {
	{ "AT", false, false },
	{ "KIND", false, false },
	{ "STATE", false, false },
	{ "TO", false, false },
	{ "BY", false, false },
	{ "COST", true, false },
	{ "TEXT", false, true },
	{ "WHAT IS WRONG", false, true },
};

static const struct column suppressed_columns[] = {
	{ "NUMBER", false, false },
	{ "WANTS NO", false, false },
	{ "SINCE", false, false },
	{ "WHO", false, false },
	{ "WHY", false, true },
};

/* What keeps it, in the words of show providers, where nobody has refused it. */
static const char *
what_is_wrong(const json_t *one)
{
	const char *error = field_text(one, "error");

	return error[0] != '\0' ? error : field_text(one, "waits_for");
}

enum exit_code
letters_on_messages(struct ctl *ctl, const json_t *answer)
{
	struct table *table = table_new(message_columns,
	    COUNT_OF(message_columns));
	const json_t *list = field_list(answer, "messages"), *one;
	char text[FORMAT_SIZE];
	size_t i;

	json_array_foreach(list, i, one) {
		bool has_failed = field_truth(one, "failed");
		const char *reason = field_text(one, "reason");

		table_cell(table, INK_NONE, format_instant(
		    field_number(one, "created_at"), text));
		table_cell(table, INK_NONE, field_text(one, "kind"));
		table_cell(table, has_failed ? INK_RED : INK_NONE,
		    reason[0] != '\0' ? reason : field_text(one, "state"));
		format_phone(field_text(one, "to"), ctl->is_full, text);
		table_cell(table, INK_NONE, text);
		table_cell(table, INK_NONE, field_text(one, "provider"));
		table_cellf(table, INK_NONE, "%s %s", field_text(one, "paid"),
		    field_text(one, "currency"));
		table_cell(table, INK_NONE, field_text(one, "text"));
		table_cell(table, INK_RED, what_is_wrong(one));
	}
	table_print(table, ctl->out, &ctl->paper, true);
	table_free(table);
	if (json_array_size(list) == 0)
		print_line(ctl->out, &ctl->paper, INK_NONE, "none");
	return EXIT_DONE;
}

static void
wish_cells(struct ctl *ctl, struct table *table, const json_t *one,
    const char *what)
{
	const json_t *wish = field_object(one, what);
	char text[FORMAT_SIZE];

	if (wish == NULL)
		return;
	format_phone(field_text(one, "phone"), ctl->is_full, text);
	table_cell(table, INK_NONE, text);
	table_cell(table, INK_NONE, what);
	table_cell(table, INK_NONE, format_instant(field_number(wish, "since"),
	    text));
	table_cell(table, INK_NONE, field_text(wish, "who"));
	table_cell(table, INK_NONE, field_text(wish, "why"));
}

enum exit_code
letters_on_suppressed(struct ctl *ctl, const json_t *answer)
{
	struct table *table = table_new(suppressed_columns,
	    COUNT_OF(suppressed_columns));
	const json_t *list = field_list(answer, "suppressed"), *one;
	size_t i;

	json_array_foreach(list, i, one) {
		wish_cells(ctl, table, one, "calls");
		wish_cells(ctl, table, one, "messages");
	}
	table_print(table, ctl->out, &ctl->paper, true);
	table_free(table);
	if (json_array_size(list) == 0)
		print_line(ctl->out, &ctl->paper, INK_NONE, "none");
	return EXIT_DONE;
}

enum exit_code
letters_on_changed(struct ctl *ctl, const json_t *answer)
{
	print_line(ctl->out, &ctl->paper, INK_NONE, "%s",
	    field_truth(answer, "changed") ? "done" : "it was so already");
	return EXIT_DONE;
}
