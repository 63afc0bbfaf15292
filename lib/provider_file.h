/* SPDX-License-Identifier: MIT */
/*
 * Between the files that read a provider file: provider_file (the whole),
 * provider_file_request (what we send) with provider_file_auth, and
 * provider_file_webhook (what we are told) with provider_file_signature;
 * provider_file_check looks at what they have read together.
 */
#ifndef CALLBACKD_LIB_PROVIDER_FILE_H
#define CALLBACKD_LIB_PROVIDER_FILE_H

#include "lib/provider_setting.h"

/* ( ("ringing", "agent_ringing"), ("completed", "over:answered"), ... ):
 * target is a struct state_map. */
setting_reader setting_states;

/* One such word; false: it is none. */
bool reading_meaning(const char *word, struct meaning *ret_meaning);

/* target is a struct webhook. */
setting_reader setting_webhook;

setting_reader setting_auth;            /* struct auth */
setting_reader setting_operation;       /* struct operation of the provider */
setting_reader setting_errors;          /* struct provider */
setting_reader setting_flows;           /* struct flows */
setting_reader setting_texts;           /* the named texts of the provider */

/* ---- does what is rendered come out well-formed, whatever the values are */

void reading_check_json(struct reading *reading,
    const config_setting_t *setting, const struct template *json);
/* The same of a flow, with all of its parts and with none that may be left out. */
void reading_check_flow(struct reading *reading,
    const config_setting_t *setting, enum template_kind kind,
    const struct flow_text *text);
void reading_check_xml(struct reading *reading,
    const config_setting_t *setting, const struct template *xml);

/* What several settings must be together. */
void reading_check_provider(struct reading *reading, config_setting_t *root);

/* target is a struct webhook */
setting_reader setting_signature;

#endif
