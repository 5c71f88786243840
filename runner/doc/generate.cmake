# SPDX-License-Identifier: MIT
# Fills a page: @OPTIONS@ is the program's own option list, so that there is only one.
#   cmake -D PROGRAM=build/memcage -D VERSION=1.0 -D TEMPLATE=memcage.1.in -D OUTPUT=memcage.1 -P generate.cmake
string(COMPARE EQUAL "${OUTPUT}" memcage.1 is_man_page)
if(is_man_page)
  set(form man)
else()
  set(form words)
endif()
execute_process(COMMAND "${PROGRAM}" --options ${form} OUTPUT_VARIABLE OPTIONS RESULT_VARIABLE status)
if(NOT status EQUAL 0 OR OPTIONS STREQUAL "")
  message(FATAL_ERROR "${PROGRAM} --options ${form} gave no list (${status})")
endif()
if(NOT is_man_page)
  string(REPLACE "'" "'\\''" OPTIONS "${OPTIONS}") # it goes between quotes of the shell
endif()
string(REGEX REPLACE "\n$" "" OPTIONS "${OPTIONS}")
file(READ "${TEMPLATE}" page)
string(CONFIGURE "${page}" page @ONLY)
file(WRITE "${OUTPUT}" "${page}")
