/* SPDX-License-Identifier: MIT */
#include "witness/preload/environment.h"

#include "witness/preload/bytes.h"
#include "witness/preload/page.h"

static const char library_name[] = "LD_PRELOAD=";
static const char page_name[] = PAGE_ENVIRONMENT "=";

static size_t length_of(const char *text)
{
	size_t length = 0;

	while (text[length] != '\0')
		length++;
	return length;
}

static const char *value_of(const char *entry, const char *name)
{
	return bytes_start(entry, name) ? entry + length_of(name) : NULL;
}

static bool separates(char character)
{
	return character == '\0' || character == ':' || character == ' ';
}

/* Whether list, of LD_PRELOAD, has library. */
static bool lists(const char *list, const char *library)
{
	size_t length = length_of(library);

	for (const char *at = list; *at != '\0'; at++)
		if ((at == list || separates(at[-1])) && bytes_start(at, library) &&
			separates(at[length]))
			return true;
	return false;
}

struct environment_plan environment_plan(const struct environment_ours *ours, char *const *envp)
{
	struct environment_plan plan = { .library = true, .page = true };
	size_t bytes;

	for (; envp != NULL && envp[plan.count] != NULL; plan.count++) {
		const char *library = value_of(envp[plan.count], library_name);
		const char *page = value_of(envp[plan.count], page_name);

		if (library != NULL)
			plan.before = library; /* of several, the loader takes the last */
		if (page != NULL && !bytes_equal(page, ours->page))
			return (struct environment_plan){ 0 };
		plan.page = plan.page && page == NULL;
	}
	plan.library = plan.before == NULL || !lists(plan.before, ours->library);
	if ((!plan.library && !plan.page) || plan.count > ENVIRONMENT_ENTRIES_MAX)
		return (struct environment_plan){ 0 };
	bytes = length_of(ours->library) + sizeof(library_name) + length_of(ours->page) +
		sizeof(page_name);
	if (plan.before != NULL)
		bytes += length_of(plan.before) + 1;
	if (bytes > ENVIRONMENT_VALUE_MAX)
		return (struct environment_plan){ 0 };
	plan.size = (plan.count + 3) * sizeof(*envp) + bytes;
	return plan;
}

static char *append(char *to, const char *text)
{
	while (*text != '\0')
		*to++ = *text++;
	*to = '\0';
	return to;
}

char **environment_extend(const struct environment_plan *plan, const struct environment_ours *ours,
	char *const *envp, void *memory)
{
	char **copy = memory, *text = (char *)(copy + plan->count + 3);
	size_t count = 0;

	for (size_t i = 0; i < plan->count; i++)
		if (!plan->library || !bytes_start(envp[i], library_name))
			copy[count++] = envp[i];
	if (plan->library) {
		copy[count++] = text;
		text = append(text, library_name);
		if (plan->before != NULL && plan->before[0] != '\0')
			text = append(append(text, plan->before), ":");
		text = append(text, ours->library) + 1;
	}
	if (plan->page) {
		copy[count++] = text;
		(void)append(append(text, page_name), ours->page);
	}
	copy[count] = NULL;
	return copy;
}
