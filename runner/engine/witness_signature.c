/* SPDX-License-Identifier: MIT
 *
 * witness_signature.c - the runtimes' own messages in one run: who said so, with what mapped, and
 * whether it ended as that message is documented to.
 */
#include "base/text.h"
#include "engine/witnesses.h"

static const struct process *main_process(const struct witness_tap *tap)
{
	const struct happenings *seen = &tap->watch->seen;

	return processes_last_of(&seen->processes, seen->main_pid);
}

/* Who said so, and what it had mapped. It may have ended already: then what was seen last counts.
 */
static void look_at_speaker(struct witness_tap *tap, bool may_live)
{
	struct happenings *seen = &tap->watch->seen;
	const char *image = NULL;

	if (tap->looked || tap->matcher->first == NULL)
		return;
	tap->looked = true;
	if (tap->matcher->first->images == NULL)
		return;
	if (may_live)
		processes_look_at(&seen->processes, seen->main_pid);
	tap->speaker = main_process(tap);
	while (tap->speaker != NULL && (image = process_image_next(tap->speaker, image)) != NULL)
		if (signature_image_fits(tap->matcher->first, image))
			tap->image_mapped = true;
}

static void observe(void *data, const char *bytes, size_t size)
{
	struct witness_tap *tap = data;

	signature_feed(tap->matcher, bytes, size);
	look_at_speaker(tap, !tap->watch->reaped);
}

void witnesses_observe(
	struct witnesses *witnesses, int number, struct stream *stream, struct watch *watch)
{
	if (!witnesses->match_signatures)
		return;
	witnesses->taps[number].watch = watch;
	witnesses->taps[number].matcher = &witnesses->rare->matchers[number];
	stream->observe = observe;
	stream->observer = &witnesses->taps[number];
}

void witness_signature_tell(struct witnesses *witnesses, struct evidence *evidence)
{
	struct evidence_signature *told = &evidence->signature;

	/* stderr first: that is where runtimes speak; a match whose status fits beats one that does
	 * not */
	for (int i = 1; i >= 0; i--) {
		struct witness_tap *tap = &witnesses->taps[i];
		struct signature_matcher *matcher = tap->matcher;
		bool fits;

		if (matcher == NULL) /* nobody listened there */
			continue;
		signature_end(matcher);
		if (matcher->first == NULL)
			continue;
		look_at_speaker(tap, false);
		fits = evidence->end_known && signature_status_matches(matcher->first,
						      evidence->signaled, evidence->status);
		if (told->seen && (told->status_matches || !fits))
			continue;
		told->seen = true;
		told->status_matches = fits;
		told->is_heap_cap = matcher->first->is_heap_cap;
		told->is_start = matcher->first->at_start;
		/* Still the same program at the end: its status is that of who said so. */
		told->image_matches = tap->image_mapped && tap->speaker == main_process(tap);
		text_copy(told->runtime, sizeof(told->runtime), matcher->first->runtime);
		text_copy(told->text, sizeof(told->text), matcher->text);
	}
}
