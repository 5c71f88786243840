/* SPDX-License-Identifier: MIT
 *
 * needs_wide_library - exit 0, once the loader has found room for wide_library.c.
 */
#include "wide_library.h"

int main(void)
{
	return *wide_place(0);
}
