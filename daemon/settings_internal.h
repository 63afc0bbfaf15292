/* SPDX-License-Identifier: MIT */
/*
 * settings_internal: what the parts of settings share while a file is read. The
 * parts call each other in this order: settings (load) - settings_child and
 * settings_scan - settings_read (walks the table) - settings_policy (structs of
 * lists, files, what must fit together).
 */
#ifndef CALLBACKD_DAEMON_SETTINGS_INTERNAL_H
#define CALLBACKD_DAEMON_SETTINGS_INTERNAL_H

#include <libconfig.h>

#include "daemon/settings.h"
#include "daemon/settings_schema.h"

enum { SETTING_PATH_SIZE = 128 };       /* "queues.info.window.limit" */

/* One setting that has a value. */
struct setting_value {
	const struct setting_row *row;
	const char *path;
	int line;                       /* 0: its default */
	const char *shown;              /* as it is printed */
	const char *compared;           /* tells one value from another */
	const char **words;  size_t word_count; /* of texts; of pairs, two each */
};

struct settings_values {
	struct setting_value *items;  size_t count, room;
	size_t *slots;  size_t slot_count;      /* by path: place + 1; a power of two */
	void **owned;  size_t owned_count, owned_room;
};

struct settings_reading {
	struct settings *settings;
	struct settings_errors *errors;
	const char *file_name;          /* as the user wrote it */
	char folder[512];               /* where it lies: "." or a path */
};

/* ---- settings_values.c */

/* Memory that lives as long as the settings, zeroed. */
void *settings_own(struct settings *settings, size_t size);
const char *settings_own_text(struct settings *settings, const char *text);

/* The value's strings become the settings' own by copying; the words are kept
 * as they are. Returns where it lies until the next one is added. */
struct setting_value *settings_add(struct settings *settings,
    const struct setting_value *value);
/* NULL: it is not set and has no default. */
struct setting_value *settings_find(const struct settings *settings,
    const char *path);
void settings_values_free(struct settings_values *values);

/* "text" in quotes, escaped as in the file. */
const char *settings_quote(struct settings *settings, const char *text);
/* The same with the password of a URL hidden. */
const char *settings_mask(struct settings *settings, const char *text);
/* Of a URL only its scheme and host; what is none as it is. */
const char *settings_mask_url(struct settings *settings, const char *text);

/* ---- settings_error.c: path may be NULL */

void settings_error_at(struct settings_reading *reading, int line,
    const char *path, const char *format, ...) PRINTF_LIKE(4, 5);
/* At the line of that setting, or, if it is absent, of the one above it. */
void settings_error(struct settings_reading *reading, const char *path,
    const char *format, ...) PRINTF_LIKE(3, 4);
/* The same for what is no error: -t and the log say it. */
void settings_warning(struct settings_reading *reading, const char *path,
    const char *format, ...) PRINTF_LIKE(3, 4);

/* ---- settings_scan.c */

/* What is said of an integer that libconfig cuts; nothing more need be said. */
#define SETTING_NUMBER_CUT "number out of range"

/* What libconfig would get wrong in silence, or worse; false: it must not see
 * this text. Errors about numbers leave it true, so that others are told too. */
bool settings_scan(struct settings_reading *reading, const char *text,
    size_t length);

/* ---- settings_child.c */

/* Parses in a child process; false: it found errors, or died of the text. */
bool settings_try(struct settings_reading *reading, const char *text);

/* ---- settings_read.c */

/* Parses, and fills reading->settings; errors are in reading->errors. */
void settings_read(struct settings_reading *reading, const char *text);

/* ---- settings_store.c */

/*
 * Checks a scalar's text against its row, puts the value into the target (NULL:
 * nowhere) and into the list of values. Line 0: the table's default, which may
 * be a list written "2m, 15m". False after an error.
 */
bool settings_store(struct settings_reading *reading,
    const struct setting_row *row, const char *path, int line,
    const char *text, void *target);
/* The same for texts, durations and pairs; the words are the settings' own. */
bool settings_store_words(struct settings_reading *reading,
    struct setting_value *value, void *target);

/* ---- settings_policy.c */

/* The struct of item `index` of `count` in a list; parent is the struct that
 * the list stands in. NULL: its settings go nowhere. */
void *settings_item(struct settings *settings, enum setting_list list,
    void *parent, size_t index, size_t count);
/* After the last item's settings: what the rows alone cannot say. */
void settings_item_done(struct settings_reading *reading,
    enum setting_list list, void *item, const char *path);
/* After everything: defaults that depend on others, and files. */
void settings_complete(struct settings_reading *reading);

/* ---- settings_messages.c */

/* Texts from their files, quiet hours, who is alarmed, and the zone of it all. */
void settings_complete_messages(struct settings_reading *reading);
/* What cannot work, of messages. */
void settings_check_messages(struct settings_reading *reading);

/* ---- settings_hours.c: opening hours and shifts */

/* After the zone is known. */
void settings_complete_hours(struct settings_reading *reading);
/* What never opens, and times that can never come. */
void settings_check_hours(struct settings_reading *reading);

/* ---- settings_names.c */

/* "LIST.ID" or "LIST.ID.NAME", as errors tell it. */
void settings_path_of(const char *list, const char *id, const char *name,
    char ret_path[SETTING_PATH_SIZE]);

/* The names of a list, lying `stride` bytes apart. */
struct settings_names {
	const char *first;
	size_t stride, count;
};
struct settings_names settings_queue_names(const struct settings *settings);
struct settings_names settings_specialist_names(const struct settings *settings);
struct settings_names settings_provider_names(const struct settings *settings);
struct settings_names settings_disposition_names(const struct settings *settings);

/* ret_near: the one that was probably meant; NULL: none is like it. */
bool settings_is_one_of(const struct settings_names *names, const char *name,
    const char **ret_near);
/* An error unless the name is one of them; kind is what they are called. */
void settings_check_name(struct settings_reading *reading, const char *path, const char *kind,
    const struct settings_names *names, const char *name);
/* What has no name of its own was told of. */
void settings_check_unique(struct settings_reading *reading, const char *list,
    const struct settings_names *names);

/* ---- settings_check.c: what must fit together */

void settings_check(struct settings_reading *reading);

/* ---- settings_widen.c: the rungs of queues */

/* Where a queue begins whose rungs lower its level; how long somebody preferred is waited
 * for, where that is not said. */
void settings_complete_widenings(struct settings *settings);
void settings_check_widenings(struct settings_reading *reading);

/* ---- settings_cases.c: where cases climb */

void settings_check_cases(struct settings_reading *reading);

/* ---- settings_dispositions.c: what may be said of a call, and where that leads */

void settings_check_dispositions(struct settings_reading *reading);

/* ---- settings_able.c: what queues ask of their providers */

void settings_check_abilities(struct settings_reading *reading);

/* ---- settings_file.c */

/*
 * The text of a file, with its end, owned by the settings; NULL after an error at
 * that setting. Relative names are looked for beside the configuration, in
 * FOLDER beside it and above it, in $CALLBACKD_DATADIR/FOLDER and in the
 * program's data. ret_path may be NULL.
 */
const char *settings_file(struct settings_reading *reading, const char *path,
    const char *name, const char *folder, size_t size_max,
    const char **ret_path);

/* The configuration itself; NULL after an error. */
char *settings_file_main(struct settings_reading *reading, const char *path,
    size_t *ret_length);

/* Relative paths of what the daemon makes itself become those beside the file. */
void settings_resolve_paths(struct settings_reading *reading);

/* Fills the provider's secrets from $CREDENTIALS_DIRECTORY/NAME or a file. */
void settings_secrets_file(struct settings_reading *reading, const char *path,
    const char *name, struct settings_provider *provider);
/* Adds one; false after an error. */
bool settings_secret_add(struct settings_reading *reading, const char *path,
    int line, struct settings_provider *provider, const char *name,
    const char *value);

#endif
