// SPDX-License-Identifier: MIT
//
// allocate.cpp - MODE [N]: operator new and std::vector at their limit.
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <new>
#include <string>
#include <vector>

static volatile std::size_t huge = 8000000000;

static void grow(std::size_t mib)
{
	std::vector<std::vector<char>> kept;
	while (kept.size() < mib)
		kept.emplace_back(1 << 20, 'x');
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	if (std::strcmp(mode, "caught") == 0) {
		try {
			std::vector<char> one(huge, 'x');
		} catch (const std::bad_alloc &) {
			std::cout << "caught" << std::endl;
			return 0;
		}
		return 5;
	}
	if (std::strcmp(mode, "uncaught") == 0)
		return std::vector<char>(huge, 'x').size() > 0 ? 5 : 6;
	if (std::strcmp(mode, "grow") == 0)
		grow(100000);
	else if (std::strcmp(mode, "near") == 0 && argc > 2)
		grow(std::stoul(argv[2]));
	else
		return 125;
	return 0;
}
