/* SPDX-License-Identifier: MIT
 *
 * main.c - finds the attack.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "table.h"

static const struct {
	const struct attack *attacks;
	const size_t *count;
} tables[] = {
	{ memory_attacks, &memory_attack_count },
	{ reach_attacks, &reach_attack_count },
	{ calls_attacks, &calls_attack_count },
	{ evidence_attacks, &evidence_attack_count },
};
#define TABLES (sizeof(tables) / sizeof(*tables))

static int list(void)
{
	for (size_t i = 0; i < TABLES; i++)
		for (size_t j = 0; j < *tables[i].count; j++) {
			const struct attack *attack = &tables[i].attacks[j];

			(void)printf("%s\t%d\t%s\t%s\t%s\t%s\n", attack->name, attack->row,
				attack->flags, attack->verdicts, attack->options, attack->tries);
		}
	return fflush(stdout) != 0;
}

static const struct attack *find(const char *name)
{
	for (size_t i = 0; i < TABLES; i++)
		for (size_t j = 0; j < *tables[i].count; j++)
			if (strcmp(tables[i].attacks[j].name, name) == 0)
				return &tables[i].attacks[j];
	return NULL;
}

int main(int argc, char **argv)
{
	const struct attack *attack;

	if (argc == 2 && strcmp(argv[1], "--list") == 0)
		return list();
	if (argc == 2 && strcmp(argv[1], "--bait") == 0)
		return bait_main();
	if (argc == 2 && strcmp(argv[1], "--hello") == 0) /* whether a cage lets it start at all */
		return held("it starts");
	if (argc == 3 && strcmp(argv[1], "--look") == 0)
		return look_main();
	if (argc == 3 && (attack = find(argv[1])) != NULL) {
		bait_read(argv[2]);
		(void)setpgid(0, 0); /* some end what they started by a signal to the group */
		return attack->run(attack->argument);
	}
	(void)fputs("memcage-attacks: memcage selftest runs it; alone: memcage-attacks --list\n",
		stderr);
	return 125;
}
