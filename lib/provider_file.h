/* SPDX-License-Identifier: MIT */
/*
 * Between the files that read a provider file: provider_file (the whole),
 * provider_file_request (what we send) and provider_file_webhook (what we are
 * told), with provider_file_signature.
 */
#ifndef CALLBACKD_LIB_PROVIDER_FILE_H
#define CALLBACKD_LIB_PROVIDER_FILE_H

#include "lib/provider_setting.h"

/* ( ("ringing", "agent_ringing"), ("completed", "over:answered"), ... ):
 * target is a struct state_map. */
setting_reader setting_states;

/* target is a struct webhook. */
setting_reader setting_webhook;

setting_reader setting_auth;            /* struct auth */
setting_reader setting_operation;       /* struct operation of the provider */
setting_reader setting_errors;          /* struct provider */
setting_reader setting_flows;           /* struct flows */

/* target is a struct webhook */
setting_reader setting_signature;

#endif
