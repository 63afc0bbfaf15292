# libcallback: the pure core. No I/O, no clock, no sockets, no logging.
noinst_LIBRARIES += lib/libcallback.a
lib_libcallback_a_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(CRYPTO_CFLAGS) $(CONFIG_CFLAGS) $(GLIB_CFLAGS)
lib_libcallback_a_SOURCES =
lib_libcallback_a_SOURCES += lib/check.h lib/fault.h lib/fault.c lib/record.h lib/record.c lib/request.h lib/request.c \
	lib/call.h lib/call.c lib/specialist.h lib/specialist.c lib/case.h \
	lib/progress.h lib/progress.c lib/transport.h \
	lib/situation.h lib/situation.c lib/life.h lib/request_life.c lib/request_when.c lib/request_when.h lib/call_life.c \
	lib/specialist_life.c lib/wake.c lib/rules.h lib/rules.c lib/widen.h lib/widen.c lib/promise.h lib/promise.c lib/retry.h lib/retry.c \
	lib/match.h lib/match.c lib/standing.h lib/standing.c lib/commit.h lib/commit_internal.h lib/commit.c lib/commit_answer.c lib/commit_guards.c lib/commit_listed.c \
	lib/blocked.h lib/blocked.c lib/velocity.h lib/velocity.c lib/network.h lib/network.c \
	lib/words.h lib/words.c
lib_libcallback_a_SOURCES += lib/message.h lib/message.c lib/message_life.c lib/message_text.h lib/message_text.c lib/segments.h lib/segments.c \
	lib/say.h lib/say.c lib/zone.h lib/zone.c lib/hours.h lib/hours.c lib/card.h lib/card.c lib/region.h lib/region.c lib/doors.h lib/doors.c lib/duty.h lib/duty.c lib/shift.h lib/shift.c lib/inbound.h lib/inbound.c
lib_libcallback_a_SOURCES += lib/audit.h lib/audit.c lib/policy.h lib/policy.c lib/text.h lib/text.c
lib_libcallback_a_SOURCES += lib/intake.h lib/intake_internal.h lib/intake.c lib/intake_ask.c
lib_libcallback_a_SOURCES += lib/note.h lib/note.c lib/answer.h lib/answer.c
lib_libcallback_a_SOURCES += lib/output.h lib/output.c lib/template.h lib/template.c
lib_libcallback_a_SOURCES += lib/fields.h lib/fields.c lib/signature.h lib/signature.c \
	lib/digest.h lib/digest.c lib/jwt.h lib/jwt.c lib/instant.h lib/instant.c
lib_libcallback_a_SOURCES += lib/erlang.h lib/erlang.c lib/expect.h lib/expect.c \
	lib/slot.h lib/slot.c
lib_libcallback_a_SOURCES += lib/provider.h lib/provider_internal.h lib/provider.c \
	lib/provider_setting.h lib/provider_setting.c lib/provider_file.h lib/provider_file.c \
	lib/provider_file_request.c lib/provider_file_auth.c lib/provider_file_check.c \
	lib/provider_file_webhook.c lib/provider_file_signature.c lib/provider_building.h \
	lib/provider_request.c lib/provider_auth.c lib/provider_answer.c \
	lib/provider_webhook.c lib/xml_check.h lib/xml_check.c \
	lib/provider_level.h lib/provider_level.c \
	lib/provider_choice.h lib/provider_choice.c lib/provider_health.h lib/provider_health.c
if WITH_LIBPHONENUMBER
lib_libcallback_a_SOURCES += lib/phone.h lib/phone.c lib/phone_libphonenumber.cc
else
lib_libcallback_a_SOURCES += lib/phone.h lib/phone.c lib/phone_plain.c
endif
LIBCALLBACK = lib/libcallback.a
LIBCALLBACK_LIBS = $(LIBCALLBACK) $(PHONE_LIBS) $(GLIB_LIBS) $(JANSSON_LIBS) $(CRYPTO_LIBS) $(CONFIG_LIBS) -lm
