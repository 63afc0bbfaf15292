/* SPDX-License-Identifier: MIT */
/*
 * provider_setting: reading the settings of a provider file by tables, so that
 * whatever a table does not name is an error. Every error is kept, with its
 * line; reading goes on.
 */
#ifndef CALLBACKD_LIB_PROVIDER_SETTING_H
#define CALLBACKD_LIB_PROVIDER_SETTING_H

#include <libconfig.h>

#include "lib/provider_internal.h"

struct reading {
	struct provider *provider;
	const char *file_name;
	struct provider_errors *errors;
	const char *also_known;         /* one more name for templates, or NULL */
	const struct webhook *webhook;  /* the one being read, or NULL */
};

/* target is what the table's offset points at. */
typedef void setting_reader(struct reading *reading, config_setting_t *setting,
    void *target);

struct setting_row {
	const char *name;
	setting_reader *on_setting;
	size_t offset;
	bool is_required;
};

/* setting NULL: the file as a whole. */
void reading_error(struct reading *reading, const config_setting_t *setting,
    const char *format, ...) PRINTF_LIKE(3, 4);
void reading_error_at(struct reading *reading, int line, const char *format,
    ...) PRINTF_LIKE(3, 4);

/* Reads the members of a group in the order of the table; false: it is none. */
bool reading_group(struct reading *reading, config_setting_t *group,
    const struct setting_row *rows, size_t count, void *target);

/* Which of the names it is; false after an error. */
bool reading_choice(struct reading *reading, const config_setting_t *setting,
    const char *const *names, size_t count, size_t *ret_choice);

/* The text of a setting that must be a string, kept by the provider; NULL after
 * an error. */
const char *reading_string(struct reading *reading,
    const config_setting_t *setting);

/* How many; 0 after an error, or when it is an empty list or array. */
size_t reading_list(struct reading *reading, const config_setting_t *setting);

/* NULL after an error. */
struct template *reading_template(struct reading *reading,
    const config_setting_t *setting, enum template_kind kind);

/* The same of a text that is part of the setting's; source must live as long as
 * the provider. */
struct template *reading_template_of(struct reading *reading,
    const config_setting_t *setting, const char *source,
    enum template_kind kind);

/* May a template use that name? */
bool reading_knows(const struct reading *reading, const char *name);

/* A list of ("word", "word") or ("word", "word", "word"); false after an error.
 * A third word is NULL when left out. */
bool reading_words(struct reading *reading, const config_setting_t *setting,
    size_t least, size_t most, const char *ret_words[3]);

/* ---- readers for tables; the target is ... */

setting_reader setting_text;            /* const char * */
setting_reader setting_flag;            /* bool */
setting_reader setting_number;          /* int, at least 0 */
setting_reader setting_decimal;         /* double, above 0 */
setting_reader setting_pointer;         /* const char *: a JSON pointer */
setting_reader setting_template_text;   /* struct template * */
setting_reader setting_template_path;
setting_reader setting_template_json;
setting_reader setting_pairs_form;      /* struct pairs, of kind form */
setting_reader setting_pairs_text;      /* of kind text: headers */
setting_reader setting_source;          /* struct source, in a webhook whose body is read */
setting_reader setting_conditions;      /* struct conditions, of such sources */
setting_reader setting_conditions_json; /* in an answer: JSON pointers only */
setting_reader setting_not_yet;         /* a word we know and cannot do */

#endif
