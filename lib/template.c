/* SPDX-License-Identifier: MIT */
/*
 * template: the source becomes a list of parts, each a run of literal bytes and
 * the hole behind it. Literals are escaped when compiled if the kind asks for
 * it, so rendering only copies them.
 */
#include "lib/template.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>

#include "lib/text.h"

enum {
	FILTERS_MAX = 3,
	JSON_NUMBER_MAX = 17,   /* digits and signs that any reader of JSON can keep */
};

enum filter {
	FILTER_DIGITS, FILTER_PLUS, FILTER_UUID, FILTER_BASE64, FILTER_URLENCODE,
	FILTER_TIME
};

static const char *const filter_names[] = {
	[FILTER_DIGITS] = "digits",
	[FILTER_PLUS] = "plus",
	[FILTER_UUID] = "uuid",
	[FILTER_BASE64] = "base64",
	[FILTER_URLENCODE] = "urlencode",
	[FILTER_TIME] = "time",
};

const char *const template_kind_names[TEMPLATE_KIND_COUNT] = {
	[TEMPLATE_TEXT] = "text",
	[TEMPLATE_FORM] = "form",
	[TEMPLATE_JSON] = "json",
	[TEMPLATE_XML] = "xml",
	[TEMPLATE_PATH] = "path",
};

/* What can be wrong with a value; said with its name. */
enum complaint { IS_MISSING, SUITS_NO_FILTER, IS_NO_UTF8, COMPLAINT_COUNT };

struct part {
	size_t begin, length;           /* literal bytes, in template.literals */
	bool   has_hole;
	bool   is_json_value;           /* "%{" */
	bool   is_json;                 /* the value is JSON already */
	size_t at;                      /* of the hole, in the source */
	char   name[TEMPLATE_NAME_SIZE];
	enum filter filters[FILTERS_MAX];
	size_t filter_count;
	char  *format;                  /* of FILTER_TIME; owned */
	char  *complaints[COMPLAINT_COUNT];  /* ready to be pointed at; owned */
};

struct template {
	enum template_kind kind;
	struct output literals;
	struct part *parts;
	size_t part_count;
};

struct compiler {
	const char *source;
	size_t at;
	struct template *template;
	struct template_error *error;
};

static bool read_hole(struct compiler *compiler, struct part *part);
static bool read_filter(struct compiler *compiler, struct part *part,
    const char *word, size_t length);
static bool format_is_known(const char *format);
static bool fail(struct template_error *ret_error, size_t at, const char *name,
    size_t length, const char *text);
static void part_fini(struct part *part);
static void write_complaints(struct part *part);
static struct part *add_part(struct template *template);
static bool add_literal(struct template *template, struct part *part,
    const char *bytes, size_t length);

static bool render_hole(const struct template *template,
    const struct part *part, const char *value, struct output *output,
    const char **ret_error);
static const char *apply(enum filter filter, const char *value,
    const char *format, char ret_value[TEMPLATE_VALUE_MAX]);
static void apply_uuid(const char *value, size_t length, char *ret_text,
    size_t size);
static bool apply_time(const char *value, const char *format, char *ret_text,
    size_t size);
static void time_piece(char letter, time_t seconds, const struct tm *utc,
    char *ret_text, size_t size);
static bool add_json_value(struct output *output, const char *value);
static bool is_json_number(const char *value);

/* ---- compiling */

struct template *
template_compile(const char *source, enum template_kind kind,
    template_knows *on_name, const void *context,
    struct template_error *ret_error)
{
	struct template *template = calloc(1, sizeof(*template));
	struct compiler compiler = { source, 0, template, ret_error };
	enum template_name known;

	CHECK(template != NULL);
	template->kind = kind;
	template->literals.max = 4 * strlen(source);
	for (;;) {
		struct part *part = add_part(template);
		size_t begin = compiler.at;
		const char *hole = source + begin;

		while (*hole != '\0' && !((*hole == '$' || *hole == '%') &&
		    hole[1] == '{'))
			hole++;
		compiler.at = (size_t)(hole - source);
		CHECK(add_literal(template, part, source + begin,
		    compiler.at - begin));
		if (*hole == '\0')
			return template;
		if (!read_hole(&compiler, part))
			break;
		known = on_name(context, part->name);
		if (known == TEMPLATE_UNKNOWN) {
			fail(ret_error, part->at, part->name,
			    strlen(part->name), "there is no such value");
			break;
		}
		part->is_json = known == TEMPLATE_KNOWN_JSON &&
		    part->filter_count == 0;
		write_complaints(part);
	}
	template_free(template);
	return NULL;
}

void
template_free(struct template *template)
{
	if (template == NULL)
		return;
	for (size_t i = 0; i < template->part_count; i++)
		part_fini(&template->parts[i]);
	free(template->parts);
	output_fini(&template->literals);
	free(template);
}

bool
template_uses(const struct template *template, const char *name)
{
	for (size_t i = 0; i < template->part_count; i++)
		if (template->parts[i].has_hole &&
		    strcmp(template->parts[i].name, name) == 0)
			return true;
	return false;
}

bool
template_has_holes(const struct template *template)
{
	return template->parts[0].has_hole;
}

static bool
read_hole(struct compiler *compiler, struct part *part)
{
	const char *begin = compiler->source + compiler->at;
	const char *name = begin + 2;
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
	const char *at = name + length;

	part->has_hole = true;
	part->at = compiler->at;
	part->is_json_value = *begin == '%';
	if (part->is_json_value && compiler->template->kind != TEMPLATE_JSON)
		return fail(compiler->error, compiler->at, name, length,
		    "%{} is for json only; write ${}");
	if (length == 0 || length >= TEMPLATE_NAME_SIZE)
		return fail(compiler->error, compiler->at, name, length,
		    "a name of at most 31 letters, digits and _ must follow");
	memcpy(part->name, name, length);
	while (*at == '|') {
		size_t size = strcspn(at + 1, "|}");

		if (!read_filter(compiler, part, at + 1, size))
			return false;
		at += 1 + size;
	}
	if (*at != '}')
		return fail(compiler->error, compiler->at, name, length,
		    "the } is missing");
	compiler->at = (size_t)(at + 1 - compiler->source);
	return true;
}

static bool
read_filter(struct compiler *compiler, struct part *part, const char *word,
    size_t length)
{
	size_t at = (size_t)(word - compiler->source);
	const char *colon = memchr(word, ':', length);
	size_t name_length = colon != NULL ? (size_t)(colon - word) : length;
	size_t filter = 0;

	while (filter < COUNT_OF(filter_names) &&
	    (strlen(filter_names[filter]) != name_length ||
	    memcmp(filter_names[filter], word, name_length) != 0))
		filter++;
	if (filter == COUNT_OF(filter_names))
		return fail(compiler->error, at, word, name_length,
		    "no such filter; there are digits, plus, uuid, base64, "
		    "urlencode, time:FORMAT");
	if (part->filter_count == FILTERS_MAX)
		return fail(compiler->error, at, word, name_length,
		    "more than three filters");
	if ((filter == FILTER_TIME) != (colon != NULL) ||
	    (colon != NULL && part->format != NULL))
		return fail(compiler->error, at, word, name_length,
		    "time, and only time, takes a format, once");
	if (colon != NULL) {
		part->format = strndup(colon + 1, length - name_length - 1);
		CHECK(part->format != NULL);
		if (!format_is_known(part->format))
			return fail(compiler->error, at, word, name_length,
			    "the format knows %Y %m %d %H %M %S %F %T %s %%");
	}
	part->filters[part->filter_count++] = (enum filter)filter;
	return true;
}

static bool
format_is_known(const char *format)
{
	for (; *format != '\0'; format++)
		if (*format == '%' && (*++format == '\0' ||
		    strchr("YmdHMSFTs%", *format) == NULL))
			return false;
	return true;
}

static void
part_fini(struct part *part)
{
	free(part->format);
	for (size_t i = 0; i < COMPLAINT_COUNT; i++)
		free(part->complaints[i]);
}

static void
write_complaints(struct part *part)
{
	static const char *const words[COMPLAINT_COUNT] = {
		[IS_MISSING] = "no value was given",
		[SUITS_NO_FILTER] = "the value does not suit its filter",
		[IS_NO_UTF8] = "the value is not UTF-8",
	};

	for (size_t i = 0; i < COMPLAINT_COUNT; i++) {
		char text[TEMPLATE_NAME_SIZE + 64];

		snprintf(text, sizeof(text), "${%s}: %s", part->name,
		    words[i]);
		part->complaints[i] = strdup(text);
		CHECK(part->complaints[i] != NULL);
	}
}

static bool
fail(struct template_error *ret_error, size_t at, const char *name,
    size_t length, const char *text)
{
	struct template_error error = { .at = at, .text = text };

	if (length >= sizeof(error.name))
		length = sizeof(error.name) - 1;
	memcpy(error.name, name, length);
	*ret_error = error;
	return false;
}

static struct part *
add_part(struct template *template)
{
	size_t count = template->part_count + 1;

	template->parts = realloc(template->parts,
	    count * sizeof(*template->parts));
	CHECK(template->parts != NULL);
	template->parts[count - 1] = (struct part){ 0 };
	template->part_count = count;
	return &template->parts[count - 1];
}

static bool
add_literal(struct template *template, struct part *part, const char *bytes,
    size_t length)
{
	char *text = strndup(bytes, length);
	bool is_added;

	CHECK(text != NULL);
	part->begin = template->literals.length;
	is_added = template->kind == TEMPLATE_FORM ?
	    output_add_encoded(&template->literals, text) :
	    output_add(&template->literals, text, length);
	part->length = template->literals.length - part->begin;
	free(text);
	return is_added;
}

/* ---- rendering */

bool
template_render(const struct template *template, template_lookup *on_name,
    const void *context, struct output *output,
    struct template_error *ret_error)
{
	for (size_t i = 0; i < template->part_count; i++) {
		const struct part *part = &template->parts[i];
		const char *value, *error;

		if (part->length > 0 && !output_add(output,
		    template->literals.text + part->begin, part->length))
			return fail(ret_error, part->at, "", 0,
			    "the text became too long");
		if (!part->has_hole)
			continue;
		value = on_name(context, part->name);
		if (value == NULL)
			error = part->complaints[IS_MISSING];
		else if (render_hole(template, part, value, output, &error))
			continue;
		return fail(ret_error, part->at, part->name,
		    strlen(part->name), error);
	}
	return true;
}

static bool
render_hole(const struct template *template, const struct part *part,
    const char *value, struct output *output, const char **ret_error)
{
	char scratch[2][TEMPLATE_VALUE_MAX];
	bool is_added = false;

	for (size_t i = 0; i < part->filter_count; i++) {
		value = apply(part->filters[i], value, part->format,
		    scratch[i % 2]);
		if (value == NULL) {
			*ret_error = part->complaints[SUITS_NO_FILTER];
			return false;
		}
	}
	if (!text_is_utf8(value, strlen(value))) {
		*ret_error = part->complaints[IS_NO_UTF8];
		return false;
	}
	switch (template->kind) {
	case TEMPLATE_FORM:
	case TEMPLATE_PATH:
		is_added = output_add_encoded(output, value);
		break;
	case TEMPLATE_JSON:
		if (!part->is_json_value)
			is_added = output_add_json(output, value);
		else if (part->is_json)
			is_added = output_add_text(output, value);
		else
			is_added = add_json_value(output, value);
		break;
	case TEMPLATE_XML:
		is_added = output_add_xml(output, value);
		break;
	case TEMPLATE_TEXT:
	case TEMPLATE_KIND_COUNT:
		is_added = output_add_text(output, value);
		break;
	}
	*ret_error = "the text became too long";
	return is_added;
}

/* NULL: the value does not suit the filter, or becomes too long. */
static const char *
apply(enum filter filter, const char *value, const char *format,
    char ret_value[TEMPLATE_VALUE_MAX])
{
	struct output encoded = { .max = TEMPLATE_VALUE_MAX - 1 };
	size_t length = strlen(value), used = 0;

	switch (filter) {
	case FILTER_DIGITS:
		if (length >= TEMPLATE_VALUE_MAX)
			return NULL;
		for (; *value != '\0'; value++)
			if (*value >= '0' && *value <= '9')
				ret_value[used++] = *value;
		ret_value[used] = '\0';
		return ret_value;
	case FILTER_PLUS:
		if (length + 1 >= TEMPLATE_VALUE_MAX)
			return NULL;
		snprintf(ret_value, TEMPLATE_VALUE_MAX, "%s%s",
		    *value == '+' ? "" : "+", value);
		return ret_value;
	case FILTER_UUID:
		apply_uuid(value, length, ret_value, TEMPLATE_VALUE_MAX);
		return ret_value;
	case FILTER_BASE64:
		if (4 * ((length + 2) / 3) >= TEMPLATE_VALUE_MAX)
			return NULL;
		EVP_EncodeBlock((unsigned char *)ret_value,
		    (const unsigned char *)value, (int)length);
		return ret_value;
	case FILTER_URLENCODE:
		if (!output_add_encoded(&encoded, value)) {
			output_fini(&encoded);
			return NULL;
		}
		if (encoded.length > 0)
			memcpy(ret_value, encoded.text, encoded.length);
		ret_value[encoded.length] = '\0';
		output_fini(&encoded);
		return ret_value;
	case FILTER_TIME:
		return apply_time(value, format, ret_value,
		    TEMPLATE_VALUE_MAX) ? ret_value : NULL;
	}
	return NULL;
}

static void
apply_uuid(const char *value, size_t length, char *ret_text, size_t size)
{
	static const unsigned char space[16];
	unsigned char digest[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t used = 0;

	CHECK(context != NULL &&
	    EVP_DigestInit_ex(context, EVP_sha1(), NULL) == 1 &&
	    EVP_DigestUpdate(context, space, sizeof(space)) == 1 &&
	    EVP_DigestUpdate(context, value, length) == 1 &&
	    EVP_DigestFinal_ex(context, digest, NULL) == 1);
	EVP_MD_CTX_free(context);
	digest[6] = (unsigned char)((digest[6] & 0x0f) | 0x50);
	digest[8] = (unsigned char)((digest[8] & 0x3f) | 0x80);
	for (size_t i = 0; i < 16; i++)
		used += (size_t)snprintf(ret_text + used, size - used,
		    i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x",
		    digest[i]);
}

/* Not strftime: that depends on a locale, and its %s on a time zone. */
static bool
apply_time(const char *value, const char *format, char *ret_text, size_t size)
{
	char *end, piece[48];
	int64_t at_ms;
	time_t seconds;
	struct tm utc;
	size_t used = 0, length;

	errno = 0;
	at_ms = strtoll(value, &end, 10);
	if (end == value || *end != '\0' || errno != 0 || at_ms < 0)
		return false;
	seconds = (time_t)(at_ms / 1000);
	if (gmtime_r(&seconds, &utc) == NULL || utc.tm_year > 8099)
		return false;
	for (; *format != '\0'; format++) {
		if (*format == '%')
			time_piece(*++format, seconds, &utc, piece,
			    sizeof(piece));
		else
			snprintf(piece, sizeof(piece), "%c", *format);
		length = strlen(piece);
		if (used + length >= size)
			return false;
		memcpy(ret_text + used, piece, length);
		used += length;
	}
	ret_text[used] = '\0';
	return true;
}

static void
time_piece(char letter, time_t seconds, const struct tm *utc, char *ret_text,
    size_t size)
{
	int year = utc->tm_year + 1900, month = utc->tm_mon + 1;

	switch (letter) {
	case 'F':
		snprintf(ret_text, size, "%04d-%02d-%02d", year, month,
		    utc->tm_mday);
		return;
	case 'T':
		snprintf(ret_text, size, "%02d:%02d:%02d", utc->tm_hour,
		    utc->tm_min, utc->tm_sec);
		return;
	case 's':
		snprintf(ret_text, size, "%" PRId64, (int64_t)seconds);
		return;
	case 'Y':
		snprintf(ret_text, size, "%04d", year);
		return;
	case '%':
		snprintf(ret_text, size, "%%");
		return;
	default:
		snprintf(ret_text, size, "%02d", letter == 'm' ? month :
		    letter == 'd' ? utc->tm_mday : letter == 'H' ?
		    utc->tm_hour : letter == 'M' ? utc->tm_min : utc->tm_sec);
	}
}

static bool
add_json_value(struct output *output, const char *value)
{
	if (is_json_number(value))
		return output_add_text(output, value);
	return output_add(output, "\"", 1) && output_add_json(output, value) &&
	    output_add(output, "\"", 1);
}

static bool
is_json_number(const char *value)
{
	size_t length = strlen(value), digits;

	if (length > JSON_NUMBER_MAX)
		return false;
	value += *value == '-';
	digits = strspn(value, "0123456789");
	if (digits == 0 || (digits > 1 && *value == '0'))
		return false;
	value += digits;
	if (*value == '.') {
		digits = strspn(value + 1, "0123456789");
		if (digits == 0)
			return false;
		value += 1 + digits;
	}
	return *value == '\0';
}
