# What the shared library exports is what zinc.h declares, no more and no less, and its soname is of the ABI version.

cmake_minimum_required(VERSION 3.22)

execute_process(COMMAND ${NM} -D --defined-only --format=posix ${LIBRARY} OUTPUT_VARIABLE symbols
  COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^\n ]+ [A-Z] [^\n]*" symbols "${symbols}")
list(TRANSFORM symbols REPLACE " .*" "")

file(STRINGS ${HEADER} lines)
set(declared "")
foreach(line IN LISTS lines)
  if(line MATCHES "^[a-z].*[ *](zinc_[a-z0-9_]+)\\(")
    list(APPEND declared ${CMAKE_MATCH_1})
  endif()
endforeach()

list(SORT symbols)
list(SORT declared)
list(LENGTH declared count)
if(count LESS 40)
  message(FATAL_ERROR "only ${count} functions were found in zinc.h")
endif()
if(NOT symbols STREQUAL declared)
  message(FATAL_ERROR "exported:\n${symbols}\ndeclared:\n${declared}")
endif()

file(STRINGS ${HEADER} abi REGEX "^#define ZINC_ABI_VERSION ")
string(REGEX REPLACE "^.* " "" abi "${abi}")
execute_process(COMMAND ${READELF} -d ${LIBRARY} OUTPUT_VARIABLE dynamic COMMAND_ERROR_IS_FATAL ANY)
if(NOT dynamic MATCHES "soname: \\[libzinc_core\\.so\\.${abi}\\]")
  message(FATAL_ERROR "the soname is not libzinc_core.so.${abi}:\n${dynamic}")
endif()
message("${count} functions, libzinc_core.so.${abi}")
