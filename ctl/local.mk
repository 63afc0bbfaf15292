# SPDX-License-Identifier: MIT
# callbackctl: the daemon from a terminal.
bin_PROGRAMS += ctl/callbackctl
ctl_callbackctl_SOURCES = ctl/main.c ctl/ctl.h \
	ctl/act.c ctl/act.h \
	ctl/ask.c ctl/ask.h \
	ctl/blame.c ctl/blame.h \
	ctl/blocked.c ctl/blocked.h \
	ctl/body.c ctl/body.h \
	ctl/brief.c ctl/brief.h \
	ctl/check.c ctl/check.h \
	ctl/client.c ctl/client.h \
	ctl/commands.c ctl/commands.h \
	ctl/field.c ctl/field.h \
	ctl/format.c ctl/format.h \
	ctl/letters.c ctl/letters.h \
	ctl/sentence.c ctl/sentence.h \
	ctl/show.c ctl/show.h \
	ctl/story.c ctl/story.h \
	ctl/table.c ctl/table.h \
	ctl/timeline.c ctl/timeline.h \
	ctl/top.c ctl/top.h \
	ctl/trial.c ctl/trial.h
ctl_callbackctl_CPPFLAGS = $(AM_CPPFLAGS) $(JANSSON_CFLAGS) $(CURL_CFLAGS) \
	-DCALLBACKD_VERSION='"$(PACKAGE_VERSION)"'
ctl_callbackctl_LDADD = $(LIBCALLBACK) $(JANSSON_LIBS) $(CURL_LIBS)
dist_man_MANS += ctl/callbackctl.1
