# SPDX-License-Identifier: MIT
# cmake -D OBJECT=FILE -D OUTPUT=FILE.h -P embed.cmake: the bytes of an object file as a C array.
file(READ "${OBJECT}" bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE "${OUTPUT}" "static const unsigned char program_bytes[] __attribute__((aligned(8))) = {\n${bytes}\n};\n")
