#!/bin/bash
# SPDX-License-Identifier: MIT
#
# install.sh BUILD - installs a build below a temporary prefix and uses it from there as a packager's
# user would. Ends with `N passed, N failed, N skipped`.
set -u
# shellcheck source-path=SCRIPTDIR source=steps.sh
source "$(dirname "$0")/steps.sh"

build=$1
work=$(mktemp -d)
trap 'rm -rf "$work" "$last_log"' EXIT
prefix=$work/prefix
example=$root/examples/embed.c

with_pkg_config() {
	local flags
	export PKG_CONFIG_PATH=${pkg_config%/*}
	read -ra flags < <(pkg-config --define-prefix --cflags --libs memcage) || return
	gcc -std=c17 -Wall -Wextra -Werror "$example" -o "$work/embed" "${flags[@]}"
}

with_find_package() {
	mkdir "$work/user" && cp "$example" "$work/user/embed.c" && cat >"$work/user/CMakeLists.txt" <<-'CMAKE'
		cmake_minimum_required(VERSION 3.25)
		project(user C)
		find_package(memcage CONFIG REQUIRED)
		add_executable(embed embed.c)
		target_link_libraries(embed PRIVATE memcage::shared)
	CMAKE
	cmake -S "$work/user" -B "$work/user/build" -DCMAKE_PREFIX_PATH="$prefix" &&
		cmake --build "$work/user/build"
}

# the installed program looks for it in the installed place
finds_bpf_module() {
	find "$prefix" -path '*/memcage/libmemcage-bpf.so' | grep . &&
		! "$prefix/bin/memcage" doctor --json | grep 'built without the bpf witness'
}

runs() {
	LD_LIBRARY_PATH=$(dirname "$library") ldd "$1" | grep -F "$prefix" | grep -F libmemcage
}

if check install/install cmake --install "$build" --prefix "$prefix"; then
	check install/program "$prefix/bin/memcage" --version
	check install/policies env -i "$prefix/bin/memcage" policy check "$prefix"/share/memcage/policies/*.yaml
	chmod 755 "$work" # nobody has to get at it
	[ "$(id -u)" != 0 ] || check install/selftest env -i "$prefix/bin/memcage" selftest --only "reads_by_*"
	check install/policies-by-name env -i "$prefix/bin/memcage" policy show judge
	library=$(find "$prefix" -name 'libmemcage.so' | head -n 1)
	pkg_config=$(find "$prefix" -name 'memcage.pc' | head -n 1)
	check install/library test -f "$library"
	[ ! -f "$build/libmemcage-bpf.so" ] || check install/bpf-module finds_bpf_module
	check install/header test -f "$prefix/include/memcage/memcage.h"
	if [ -z "$pkg_config" ]; then
		not_ok install/pkg-config "no memcage.pc below the prefix"
	else
		check install/pkg-config with_pkg_config && check install/pkg-config-loads runs "$work/embed"
	fi
	check install/find-package with_find_package && check install/find-package-loads runs "$work/user/build/embed"
fi
finish
