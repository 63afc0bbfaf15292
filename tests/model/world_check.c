/* SPDX-License-Identifier: MIT */
/* world_check: what must always hold of a world, and which worlds are ends. */
#include "tests/model/world_internal.h"

#include <string.h>

/* ---- what must always hold */

static bool
check_legs(struct model *model, const struct world *world)
{
	int legs = 0;

	for (int n = 1; n <= CALLS; n++) {
		const struct call *call = world_call(model, world, n);
		bool is_lost = (world->lost & (1 << (n - 1))) != 0;
		int rung = 0;

		for (int k = 0; k < LINES; k++) {
			const struct line *line = &world->lines[n - 1][k];
			bool is_up = line->phase == PHASE_CUSTOMER_RINGING ||
			    line->phase == PHASE_CUSTOMER_UP ||
			    line->phase >= PHASE_CUSTOMER_ASKS;
			char sid[SID_SIZE];

			rung += line->has_rung;
			legs += is_up && !is_lost;
			if (!line->has_rung)
				continue;
			if (is_up && !is_lost && !call_is_live(call))
				return model_blame(model, "call %d is over for us, "
				    "the customer's leg is not", n);
			line_sid(n, k, sid);
			if ((model->setting->fence == BY_ANSWER ||
			        model->setting->fence == BY_ORDER) &&
			    strcmp(call->authorised, sid) != 0)
				return model_blame(model, "call %d: the customer is "
				    "rung by a leg that nobody authorised", n);
			if (call->authorised[0] == '\0')
				return model_blame(model, "call %d: the customer is "
				    "rung without authorisation", n);
		}
		if (rung > 1)
			return model_blame(model, "call %d: the customer is rung "
			    "twice", n);
	}
	return legs <= 1 || model_blame(model, "two customer legs at once");
}

/* What is believed of who was reached. */
static bool
check_reached(struct model *model, const struct world *world)
{
	for (int n = 1; n <= CALLS; n++) {
		const struct call *call = world_call(model, world, n);
		bool has_pressed = false, is_machine = false, has_met = false;

		if (call == NULL || model->setting->fence == BY_HAND)
			continue;
		for (int k = 0; k < LINES; k++) {
			const struct line *line = &world->lines[n - 1][k];

			has_pressed |= line->has_pressed;
			is_machine |= line->is_machine;
			has_met |= line->has_talked;
		}
		if (call->is_confirmed && !has_pressed)
			return model_blame(model, "call %d: nobody has pressed 1",
			    n);
		if (call->machine == MACHINE_ANSWERED && !is_machine)
			return model_blame(model, "call %d: there is no machine",
			    n);
		if (call->is_customer_first && call_has_talked(call) &&
		    !has_met)
			return model_blame(model, "call %d: a talk without a "
			    "specialist", n);
		if (call->wants_confirm && call_has_talked(call) &&
		    !has_pressed)
			return model_blame(model, "call %d: a talk with somebody "
			    "who did not take the call", n);
	}
	return true;
}

static bool
check_offers(struct model *model, const struct world *world)
{
	struct request request = *world_request(model, world);
	size_t open = request_offers_open(&request);

	if ((request.state == REQUEST_OFFERED) != (open > 0))
		return model_blame(model, "%zu offers in state %s", open,
		    request_state_names[request.state]);
	for (int i = 0; i < model->setting->people; i++) {
		const struct specialist *s = world_person(model, world, i);
		const struct offer *offer = request_offer_to(&request, s->id);

		if ((s->state == SPECIALIST_OFFERED) != (offer != NULL))
			return model_blame(model, "%s is %s, the request says %s",
			    s->id, specialist_state_names[s->state],
			    offer != NULL ? "offered" : "not offered");
		if (offer != NULL && (strcmp(s->request, request.id) != 0 ||
		        s->offer != offer->number || s->call != offer->call))
			return model_blame(model, "%s holds another offer", s->id);
		if (offer != NULL && offer->call != 0) {
			const struct call *call = world_call(model, world,
			    offer->call);

			if (!call_is_live(call) || call->is_revoked)
				return model_blame(model, "%s is offered a call "
				    "that is over", s->id);
		}
	}
	return true;
}

static bool
check_people(struct model *model, const struct world *world)
{
	for (int i = 0; i < model->setting->people; i++) {
		const struct specialist *s = world_person(model, world, i);
		int live = 0, named = 0;

		for (int n = 1; n <= CALLS; n++) {
			const struct call *call = world_call(model, world, n);

			if (call == NULL || !call_is_live(call) ||
			    strcmp(call->specialist, s->id) != 0)
				continue;
			live++;
			named += s->call == n;
		}
		if (live > 1)
			return model_blame(model, "%s has two calls", s->id);
		if (s->state == SPECIALIST_BUSY && named == 0)
			return model_blame(model, "%s is busy without a call",
			    s->id);
		if (live > 0 && named == 0)
			return model_blame(model, "%s is %s, a live call names them",
			    s->id, specialist_state_names[s->state]);
		if (s->state != SPECIALIST_BUSY &&
		    s->state != SPECIALIST_OFFERED && s->call != 0)
			return model_blame(model, "%s is %s and keeps a call", s->id,
			    specialist_state_names[s->state]);
	}
	return true;
}

/* The call of the attempt, or one that rings for an offer. */
static bool
is_wanted(const struct request *r, int n)
{
	bool is_offers = false;

	for (size_t i = 0; i < OFFER_MAX; i++)
		is_offers |= r->offers[i].call == n;
	return is_offers || r->call == n;
}

static bool
check_request(struct model *model, const struct world *world)
{
	const struct request *r = world_request(model, world);
	const struct call *call = r->call == 0 ? NULL :
	    world_call(model, world, r->call);
	const struct specialist *s;
	int live = 0;

	for (int n = 1; n <= CALLS; n++) {
		const struct call *other = world_call(model, world, n);

		if (other != NULL && call_is_live(other) &&
		    !other->is_revoked && !other->is_customer_over &&
		    !is_wanted(r, n))
			return model_blame(model, "call %d goes on, nobody wants it",
			    n);
		live += other != NULL && call_is_live(other) &&
		    other->authorised[0] != '\0' && !other->is_customer_over;
	}
	if (live > 1)
		return model_blame(model, "two authorised calls at once");
	if (r->is_leg_open && live == 0)
		return model_blame(model, "in state %s a leg stays open without a "
		    "call", request_state_names[r->state]);
	if (r->state != REQUEST_CALLING && r->state != REQUEST_TALKING)
		return true;
	if (call == NULL || !call_is_live(call))
		return model_blame(model, "%s without a live call",
		    request_state_names[r->state]);
	if (strcmp(call->specialist, r->specialist) != 0)
		return model_blame(model, "the call is another specialist's");
	if (r->state == REQUEST_TALKING && call->wants_confirm &&
	    !call->is_confirmed)
		return model_blame(model, "talks with somebody who did not take "
		    "the call");
	s = world_person(model, world, person_index(r->specialist));
	if (s->state != SPECIALIST_BUSY || s->call != r->call ||
	    strcmp(s->request, r->id) != 0)
		return model_blame(model, "%s, and %s is %s",
		    request_state_names[r->state], s->id,
		    specialist_state_names[s->state]);
	return true;
}

bool
model_check(struct model *model, const struct world *world)
{
	return model->fault[0] == '\0' && check_legs(model, world) &&
	    check_reached(model, world) &&
	    check_offers(model, world) && check_people(model, world) &&
	    check_request(model, world);
}

bool
model_is_quiet(const struct model *model, const struct world *world)
{
	const struct request *r = world_request(model, world);

	for (int n = 1; n <= CALLS; n++) {
		const struct call *call = world_call(model, world, n);

		if (call != NULL && call_is_live(call))
			return false;
	}
	for (int i = 0; i < model->setting->people; i++) {
		const struct specialist *s = world_person(model, world, i);

		if (s->state != SPECIALIST_IDLE && s->state != SPECIALIST_AWAY)
			return false;
	}
	return r->state != REQUEST_OFFERED && r->state != REQUEST_CALLING &&
	    r->state != REQUEST_TALKING && r->state != REQUEST_WRAPPING;
}

bool
model_is_end(const struct model *model, const struct world *world)
{
	return model_is_quiet(model, world) &&
	    world_request(model, world)->state == REQUEST_CLOSED;
}
