/* SPDX-License-Identifier: MIT */
#include "report/shell_word.h"

#include <string.h>

#include "report/utf8.h"

bool shell_word_is_plain(const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_+./:=@%,-";

	return *word != '\0' && word[strspn(word, plain)] == '\0';
}

static bool is_harmless(const char *word)
{
	bool harmless = true;

	while (harmless && *word != '\0')
		word += utf8_character(word, &harmless);
	return harmless;
}

static void print_quoted(const char *word, FILE *out)
{
	(void)fputc('\'', out);
	for (; *word != '\0'; word++)
		if (*word == '\'')
			(void)fputs("'\\''", out);
		else
			(void)fputc(*word, out);
	(void)fputc('\'', out);
}

static void print_escaped(const char *word, FILE *out)
{
	(void)fputs("$'", out);
	while (*word != '\0') {
		bool harmless;
		size_t length = utf8_character(word, &harmless);

		for (size_t i = 0; i < length; i++)
			if (!harmless)
				(void)fprintf(out, "\\%03o", (unsigned)(unsigned char)word[i]);
			else if (word[i] == '\'' || word[i] == '\\')
				(void)fprintf(out, "\\%c", word[i]);
			else
				(void)fputc(word[i], out);
		word += length;
	}
	(void)fputc('\'', out);
}

void shell_word_print(const char *word, FILE *out)
{
	if (shell_word_is_plain(word))
		(void)fputs(word, out);
	else if (is_harmless(word))
		print_quoted(word, out);
	else
		print_escaped(word, out);
}
