/* SPDX-License-Identifier: MIT */
/* note: the table of texts, and filling one in. */
#include "lib/note.h"

#include <stdio.h>
#include <string.h>

#include "lib/check.h"
#include "lib/text.h"

static const struct {
	const char *code, *en, *ru;
} notes[] = {
	[NOTE_JSON_INVALID] = { "json_invalid",
	    "not valid JSON: line {}, column {}",
	    "ошибка в JSON: строка {}, знак {}" },
	[NOTE_JSON_TWICE] = { "json_invalid",
	    "a name appears twice: line {}, column {}",
	    "имя поля повторяется: строка {}, знак {}" },
	[NOTE_JSON_NO_OBJECT] = { "json_invalid",
	    "one JSON object is needed",
	    "нужен один объект JSON" },
	[NOTE_JSON_TOO_LARGE] = { "json_too_large",
	    "larger than 16 KiB",
	    "больше 16 КиБ" },
	[NOTE_NEED_TEXT] = { "field_type",
	    "a string is needed here",
	    "здесь нужна строка" },
	[NOTE_NEED_BOOLEAN] = { "field_type",
	    "true or false is needed here",
	    "здесь нужно true или false" },
	[NOTE_NEED_OBJECT] = { "field_type",
	    "an object is needed here",
	    "здесь нужен объект" },
	[NOTE_NEED_SECONDS] = { "field_type",
	    "a number of Unix seconds is needed here",
	    "здесь нужно число: секунды Unix" },
	[NOTE_NEED_WHOLE] = { "field_type",
	    "a whole number is needed here",
	    "здесь нужно целое число" },
	[NOTE_NEED_ID] = { "field_type",
	    "8 to 64 characters out of A-Z a-z 0-9 . _ : - are needed here",
	    "здесь нужно от 8 до 64 знаков из A-Z a-z 0-9 . _ : -" },
	[NOTE_NEED_OP] = { "field_type",
	    "\"ask\", \"cancel\" or \"move\" is needed here",
	    "здесь нужно \"ask\", \"cancel\" или \"move\"" },
	[NOTE_TOO_DEEP] = { "field_type",
	    "nested deeper than 3 levels",
	    "вложенность больше 3 уровней" },
	[NOTE_TOO_LONG] = { "field_too_long",
	    "longer than {} characters",
	    "длиннее {} знаков" },
	[NOTE_DATA_TOO_LONG] = { "field_too_long",
	    "larger than 4 KiB",
	    "больше 4 КиБ" },
	[NOTE_VERSION_UNKNOWN] = { "version_unknown",
	    "only version 1 is known here",
	    "здесь известна только версия 1" },
	[NOTE_PHONE_MISSING] = { "phone_missing",
	    "Please give a telephone number",
	    "Пожалуйста, укажите номер телефона" },
	[NOTE_PHONE_MISSPELT] = { "phone_missing",
	    "no \"phone\"; is \"{}\" meant to be it?",
	    "нет поля \"phone\"; может быть, это \"{}\"?" },
	[NOTE_PHONE_NO_NUMBER] = { "phone_impossible",
	    "This does not look like a telephone number",
	    "Это не похоже на номер телефона" },
	[NOTE_PHONE_SHORT] = { "phone_impossible",
	    "The number has too few digits",
	    "В номере не хватает цифр" },
	[NOTE_PHONE_LONG] = { "phone_impossible",
	    "The number has too many digits",
	    "В номере лишние цифры" },
	[NOTE_PHONE_LENGTH] = { "phone_impossible",
	    "There is no number with so many digits",
	    "В номере лишняя цифра, или какой-то не хватает" },
	[NOTE_PHONE_NOT_ACCEPTED] = { "phone_not_accepted",
	    "We are sorry, we cannot call this number",
	    "К сожалению, на этот номер мы позвонить не можем" },
	[NOTE_TIME_INVALID] = { "time_invalid",
	    "the moment is not a number of Unix seconds",
	    "время должно быть числом: секунды Unix" },
	[NOTE_TIME_MILLISECONDS] = { "time_in_milliseconds",
	    "Unix seconds are needed here, these are milliseconds",
	    "здесь нужны секунды Unix, а это миллисекунды" },
	[NOTE_TIME_PAST] = { "time_past",
	    "this moment is too long ago",
	    "это время давно прошло" },
	[NOTE_TIME_FAR] = { "time_too_far",
	    "this moment is too far ahead",
	    "это время слишком далеко впереди" },
	[NOTE_CONSENT_MISSING] = { "consent_missing",
	    "Please agree to the processing of your data",
	    "Пожалуйста, дайте согласие на обработку данных" },
	[NOTE_TOO_MANY] = { "too_many_requests",
	    "Too many requests, please try again later",
	    "Слишком много заявок, попробуйте, пожалуйста, позже" },
	[NOTE_CRASHED] = { "crashed",
	    "could not be read: the program ended three times over it; a person must look",
	    "не удалось прочитать: программа трижды на этом завершилась; нужен человек" },
	[NOTE_ID_CONFLICT] = { "id_conflict",
	    "this id already belongs to a request for another number",
	    "этот id уже занят заявкой с другим номером" },
	[NOTE_NOT_FOUND] = { "not_found",
	    "there is no such request, or it is over",
	    "такой заявки нет, или она уже закрыта" },
	[NOTE_UNREADABLE] = { "unreadable",
	    "this request's record cannot be read; staff: callbackctl show buried",
	    "запись этой заявки не читается; сотрудникам: callbackctl show buried" },
	[NOTE_ID_MISSING] = { "not_found",
	    "the id of the request is needed",
	    "нужен id заявки" },
	[NOTE_TIME_NOW] = { "time_past",
	    "this moment has passed: we call as soon as possible",
	    "это время уже прошло: позвоним как можно скорее" },
	[NOTE_TOPIC_UNKNOWN] = { "topic_unknown",
	    "no queue \"{}\"; put into \"{}\"",
	    "нет очереди \"{}\"; принято в \"{}\"" },
	[NOTE_TOPIC_MISSPELT] = { "topic_unknown",
	    "no queue \"{}\"; did you mean \"{}\"? put into \"{}\"",
	    "нет очереди \"{}\"; может быть, \"{}\"? принято в \"{}\"" },
	[NOTE_LOCALE_UNKNOWN] = { "locale_unknown",
	    "no texts in \"{}\"; \"{}\" is taken",
	    "нет текстов на языке \"{}\"; взят \"{}\"" },
	[NOTE_ZONE_UNKNOWN] = { "tz_unknown",
	    "\"{}\" is not a time zone; \"{}\" is taken",
	    "\"{}\" не часовой пояс; взят \"{}\"" },
	[NOTE_SPECIALIST_UNKNOWN] = { "specialist_unknown",
	    "no such specialist; anyone will call",
	    "такого специалиста нет; позвонит любой" },
	[NOTE_CASE_UNKNOWN] = { "case_unknown",
	    "a case has a number of digits only; taken as a new matter",
	    "номер обращения состоит из цифр; принято как новое" },
	[NOTE_FIELD_UNKNOWN] = { "field_unknown",
	    "no field \"{}\"; kept under data",
	    "нет поля \"{}\"; сохранено в data" },
	[NOTE_FIELD_MISSPELT] = { "field_unknown",
	    "no field \"{}\"; did you mean \"{}\"? kept under data",
	    "нет поля \"{}\"; может быть, \"{}\"? сохранено в data" },
	[NOTE_FIELD_DROPPED] = { "field_unknown",
	    "no field \"{}\"; it is not kept",
	    "нет поля \"{}\"; не сохранено" },
};
_Static_assert(COUNT_OF(notes) == NOTE_COUNT, "a text for every note");

static void note_fill(const struct intake *intake, enum note note,
    const char *pointer, const char *const words[NOTE_WORDS_MAX],
    struct intake_note *ret_note);

void
note_error(struct intake *intake, enum note note, const char *pointer,
    const char *const words[NOTE_WORDS_MAX])
{
	intake->is_accepted = false;
	if (intake->error_count < INTAKE_NOTES_MAX)
		note_fill(intake, note, pointer, words,
		    &intake->errors[intake->error_count++]);
}

void
note_warning(struct intake *intake, enum note note, const char *pointer,
    const char *const words[NOTE_WORDS_MAX])
{
	if (intake->warning_count < INTAKE_NOTES_MAX)
		note_fill(intake, note, pointer, words,
		    &intake->warnings[intake->warning_count++]);
}

enum note
note_by_code(const char *code)
{
	size_t note = 0;

	while (note < NOTE_COUNT && strcmp(notes[note].code, code) != 0)
		note++;
	return (enum note)note;
}

/* A word is cut to 40 bytes, so that three of them leave room for the text. */
static void
note_fill(const struct intake *intake, enum note note, const char *pointer,
    const char *const words[NOTE_WORDS_MAX], struct intake_note *ret_note)
{
	const char *text = strcmp(intake->locale, "ru") == 0 ?
	    notes[note].ru : notes[note].en;
	char filled[512], word[41];
	size_t length = 0, used = 0;

	CHECK(note < NOTE_COUNT);
	while (*text != '\0') {
		if (strncmp(text, "{}", 2) != 0) {
			filled[length++] = *text++;
			continue;
		}
		CHECK(words != NULL);
		CHECK(used < NOTE_WORDS_MAX);
		text_copy(word, sizeof(word), words[used++]);
		memcpy(&filled[length], word, strlen(word));
		length += strlen(word);
		text += 2;
	}
	filled[length] = '\0';
	text_clean(filled, false);
	ret_note->code = notes[note].code;
	/* It names a field as a stranger wrote it. */
	text_copy(ret_note->pointer, sizeof(ret_note->pointer), pointer);
	text_clean(ret_note->pointer, false);
	text_copy(ret_note->text, sizeof(ret_note->text), filled);
}
