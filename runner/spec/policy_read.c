/* SPDX-License-Identifier: MIT */
#include "spec/policy_read.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/failure.h"
#include "base/text.h"
#include "spec/policy.h"
#include "spec/policy_find.h"
#include "spec/text_file.h"

/* A relative path in a file begins where the file lies. */
static int resolve_profile(
	const char *name, struct policy_file *file, struct memcage_failure *failure)
{
	struct policy_seccomp *seccomp = file->seccomp;
	char path[PATH_MAX], *whole;

	if (seccomp == NULL || seccomp->profile == NULL || seccomp->profile[0] == '/')
		return 0;
	if (policy_path_beside(name, seccomp->profile, path) < 0)
		return failure_set(failure, EINVAL, "%s: the profile's path is too long", name);
	whole = cyaml_mem(NULL, NULL, strlen(path) + 1); /* it is libcyaml's to free */
	if (whole == NULL)
		return failure_set(failure, ENOMEM, "%s: no memory to read it", name);
	memcpy(whole, path, strlen(path) + 1);
	(void)cyaml_mem(NULL, seccomp->profile, 0);
	seccomp->profile = whole;
	return 0;
}

int policy_document_parse(const char *name, const char *text, size_t length,
	struct policy_document *ret_document, struct memcage_failure *reterr_failure)
{
	struct policy_document document = { 0 };
	int result = yaml_places_read(name, text, length, &document.places, reterr_failure);
	cyaml_err_t error;

	if (result < 0)
		return result;
	result = yaml_places_check(document.places, &policy_schema, reterr_failure);
	if (result == 0) {
		error = cyaml_load_data((const uint8_t *)text, length, &policy_cyaml_config,
			&policy_schema, (cyaml_data_t **)&document.file, NULL);
		if (error == CYAML_ERR_OOM)
			result = failure_set(
				reterr_failure, ENOMEM, "%s: no memory to read it", name);
		else if (error != CYAML_OK) /* the check above let something through */
			result = failure_set(
				reterr_failure, EPROTO, "%s:1:1: %s", name, cyaml_strerror(error));
		else if (document.file == NULL)
			result = yaml_places_complain(document.places, "", reterr_failure,
				"the policy says nothing; give it at least a summary");
	}
	if (result == 0)
		result = resolve_profile(name, document.file, reterr_failure);
	if (result < 0) {
		policy_document_close(&document);
		return result;
	}
	*ret_document = document;
	return 0;
}

void policy_document_close(struct policy_document *document)
{
	document->file = policy_file_free(document->file);
	document->places = yaml_places_free(document->places);
}

static int load_one(
	const char *path, struct policy_document *ret_document, struct memcage_failure *failure)
{
	struct memcage_policy scratch = { 0 };
	char *text;
	size_t length;
	int result = text_file_read(path, &text, &length, failure);

	if (result < 0)
		return result;
	result = policy_document_parse(path, text, length, ret_document, failure);
	free(text);
	if (result < 0)
		return result;
	result = policy_take(ret_document, false, &scratch, failure);
	policy_release(&scratch);
	if (result < 0)
		policy_document_close(ret_document);
	return result;
}

/* The files from the first child to the one at hand. */
struct chain {
	int depth;
	struct stat facts[POLICY_DEPTH_MAX];
};

static int load(const char *path, struct chain *chain, struct policy_document *ret_document,
	struct memcage_failure *failure);

static bool is_in(const struct chain *chain, const struct stat *facts)
{
	for (int i = 0; i < chain->depth; i++)
		if (chain->facts[i].st_dev == facts->st_dev &&
			chain->facts[i].st_ino == facts->st_ino)
			return true;
	return false;
}

/* Finds, loads and merges what a file extends. */
static int load_parent(const char *path, struct chain *chain, struct policy_document *child,
	struct memcage_failure *failure)
{
	struct policy_document parent;
	struct memcage_failure why;
	char found[PATH_MAX];
	struct stat facts;
	int result = policy_find(child->file->extends, path, found, &why);

	if (result == 0 && stat(found, &facts) < 0)
		result = failure_errno(&why, errno, "%s", found);
	if (result < 0)
		return yaml_places_complain(child->places, "extends", failure, "%s", why.detail);
	if (is_in(chain, &facts))
		return yaml_places_complain(child->places, "extends", failure,
			"extends %s, which leads back to this file; cut the circle",
			child->file->extends);
	if (chain->depth == POLICY_DEPTH_MAX)
		return yaml_places_complain(child->places, "extends", failure,
			"more than %d policies extend each other; merge some", POLICY_DEPTH_MAX);
	result = load(found, chain, &parent, failure);
	if (result < 0)
		return result;
	policy_merge(child, parent.file);
	policy_document_close(&parent);
	return 0;
}

static int load(const char *path, struct chain *chain, struct policy_document *ret_document,
	struct memcage_failure *failure)
{
	int result = load_one(path, ret_document, failure);

	if (result < 0)
		return result;
	if (stat(path, &chain->facts[chain->depth++]) < 0)
		result = failure_errno(failure, errno, "%s", path);
	else if (ret_document->file->extends != NULL)
		result = load_parent(path, chain, ret_document, failure);
	if (result < 0) {
		policy_document_close(ret_document);
		return result;
	}
	(void)cyaml_mem(NULL, ret_document->file->extends, 0);
	ret_document->file->extends = NULL; /* done */
	return 0;
}

int policy_document_load(const char *path, struct policy_document *ret_document,
	struct memcage_failure *reterr_failure)
{
	struct chain chain = { 0 };

	return load(path, &chain, ret_document, reterr_failure);
}
