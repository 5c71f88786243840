/* SPDX-License-Identifier: MIT */
#include "witness/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool image_is_in_line(const char *line, const char *image)
{
	/* "7f00-7f10 r-xp 00000000 08:01 42    /usr/bin/php8.2" */
	const char *rights = strchr(line, ' ');
	const char *path = strchr(line, '/');
	const char *name;

	if (rights == NULL || path == NULL || strnlen(rights, 5) < 5 || rights[3] != 'x')
		return false;
	name = strrchr(path, '/') + 1;
	return strncmp(name, image, strlen(image)) == 0;
}

const char *image_mapped(int pid, const char *const *images)
{
	char path[32], *line = NULL;
	const char *found = NULL;
	size_t room = 0;
	FILE *maps;

	(void)snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = pid > 0 ? fopen(path, "re") : NULL;
	if (maps == NULL)
		return NULL;
	while (found == NULL && getline(&line, &room, maps) > 0)
		for (size_t i = 0; images[i] != NULL && found == NULL; i++)
			if (image_is_in_line(line, images[i]))
				found = images[i];
	free(line);
	(void)fclose(maps);
	return found;
}
