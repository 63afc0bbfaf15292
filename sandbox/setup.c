/* SPDX-License-Identifier: MIT */
/*
 * libconfig's tree is turned into the JSON of the control API, so that a phone
 * is described in one way only.
 */
#include "sandbox/setup.h"

#include <jansson.h>
#include <libconfig.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/line.h"
#include "sandbox/memory.h"
#include "sandbox/phone.h"

struct setup {
	json_t *phones, *lines;	/* lists of objects, each tried once */
};

typedef const char *item_try(const json_t *json,
    char ret_error[SETUP_ERROR_SIZE]);

static bool
setup_read(const config_t *config, struct setup *setup, const char *path,
    char ret_error[SETUP_ERROR_SIZE]);

static bool
list_read(const config_setting_t *list, json_t *items, item_try *try,
    const char *path, char ret_error[SETUP_ERROR_SIZE]);

static const char *
phone_try(const json_t *json, char ret_error[SETUP_ERROR_SIZE]);

static const char *
line_try(const json_t *json, char ret_error[SETUP_ERROR_SIZE]);

static json_t *
json_of(const config_setting_t *setting);

struct setup *
setup_load(const char *path, char ret_error[SETUP_ERROR_SIZE])
{
	struct setup *setup = memory_new(sizeof(*setup));
	config_t config;
	bool ok;

	setup->phones = json_array();
	setup->lines = json_array();
	if (path == NULL)
		return setup;
	config_init(&config);
	ok = config_read_file(&config, path) == CONFIG_TRUE;
	if (!ok)
		snprintf(ret_error, SETUP_ERROR_SIZE, "%.120s:%d: %s", path,
		    config_error_line(&config), config_error_text(&config));
	else
		ok = setup_read(&config, setup, path, ret_error);
	config_destroy(&config);
	if (ok)
		return setup;
	setup_free(setup);
	return NULL;
}

void
setup_apply(const struct setup *setup, struct phones *phones,
    struct lines *lines)
{
	size_t i;
	json_t *json;

	json_array_foreach(setup->phones, i, json) {
		char address[PHONE_ADDRESS_SIZE], error[PHONE_ERROR_SIZE];
		struct phone *phone;

		CHECK(phone_address_read(json_string_value(
		    json_object_get(json, "number")), address));
		phone = phones_get(phones, address);
		CHECK(phone != NULL && phone_change(phone, json, error));
	}
	json_array_foreach(setup->lines, i, json) {
		char error[LINE_ERROR_SIZE];

		CHECK(lines_set(lines, json, error));
	}
}

void
setup_free(struct setup *setup)
{
	if (setup == NULL)
		return;
	json_decref(setup->phones);
	json_decref(setup->lines);
	free(setup);
}

static bool
setup_read(const config_t *config, struct setup *setup, const char *path,
    char ret_error[SETUP_ERROR_SIZE])
{
	const config_setting_t *root = config_root_setting(config);

	for (int i = 0; i < config_setting_length(root); i++) {
		const config_setting_t *setting =
		    config_setting_get_elem(root, (unsigned)i);

		if (strcmp(config_setting_name(setting), "phones") == 0 ||
		    strcmp(config_setting_name(setting), "lines") == 0)
			continue;
		snprintf(ret_error, SETUP_ERROR_SIZE, "%.120s:%u: only "
		    "\"phones\" and \"lines\" are known", path,
		    config_setting_source_line(setting));
		return false;
	}
	return list_read(config_setting_get_member(root, "phones"),
	    setup->phones, phone_try, path, ret_error) &&
	    list_read(config_setting_get_member(root, "lines"),
	        setup->lines, line_try, path, ret_error);
}

/* NULL: there is no such list. */
static bool
list_read(const config_setting_t *list, json_t *items, item_try *try,
    const char *path, char ret_error[SETUP_ERROR_SIZE])
{
	if (list == NULL)
		return true;
	if (!config_setting_is_list(list)) {
		snprintf(ret_error, SETUP_ERROR_SIZE, "%.120s:%u: %s is a "
		    "list: ( {...}, {...} )", path,
		    config_setting_source_line(list),
		    config_setting_name(list));
		return false;
	}
	for (int i = 0; i < config_setting_length(list); i++) {
		const config_setting_t *setting =
		    config_setting_get_elem(list, (unsigned)i);
		json_t *json = json_of(setting);
		char reason[SETUP_ERROR_SIZE];
		const char *error = try(json, reason);

		json_array_append_new(items, json);
		if (error == NULL)
			continue;
		snprintf(ret_error, SETUP_ERROR_SIZE, "%.90s:%u: %s", path,
		    config_setting_source_line(setting), error);
		return false;
	}
	return true;
}

/* NULL, or what is wrong with it. */
static const char *
phone_try(const json_t *json, char ret_error[SETUP_ERROR_SIZE])
{
	const char *number = json_string_value(
	    json_object_get(json, "number"));
	char address[PHONE_ADDRESS_SIZE];
	struct phone phone = { .name = "" };

	if (number == NULL)
		return "a phone is { number = \"...\"; ... }";
	if (!phone_address_read(number, address))
		return "number: not a phone number or address";
	phone.behaviour = phone_behaviour_of(address);
	return phone_change(&phone, json, ret_error) ? NULL : ret_error;
}

static const char *
line_try(const json_t *json, char ret_error[SETUP_ERROR_SIZE])
{
	struct lines *lines = lines_new();
	bool ok = lines_set(lines, json, ret_error);

	lines_free(lines);
	return ok ? NULL : ret_error;
}

/* New reference. */
static json_t *
json_of(const config_setting_t *setting)
{
	json_t *json;

	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_INT:
		return json_integer(config_setting_get_int(setting));
	case CONFIG_TYPE_INT64:
		return json_integer(config_setting_get_int64(setting));
	case CONFIG_TYPE_FLOAT:
		return json_real(config_setting_get_float(setting));
	case CONFIG_TYPE_STRING:
		json = json_string(config_setting_get_string(setting));
		return json != NULL ? json : json_null();	/* not UTF-8 */
	case CONFIG_TYPE_BOOL:
		return json_boolean(config_setting_get_bool(setting));
	case CONFIG_TYPE_GROUP:
		json = json_object();
		for (int i = 0; i < config_setting_length(setting); i++) {
			const config_setting_t *member =
			    config_setting_get_elem(setting, (unsigned)i);

			json_object_set_new(json, config_setting_name(member),
			    json_of(member));
		}
		return json;
	default:	/* a list or an array */
		json = json_array();
		for (int i = 0; i < config_setting_length(setting); i++)
			json_array_append_new(json, json_of(
			    config_setting_get_elem(setting, (unsigned)i)));
		return json;
	}
}
