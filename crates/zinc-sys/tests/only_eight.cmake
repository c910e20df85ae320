# The example reader does its whole job with nothing but frozen functions.

cmake_minimum_required(VERSION 3.22)

execute_process(COMMAND ${NM} -u --format=posix ${OBJECTS} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "zinc_[a-z0-9_]+" used "${symbols}")
set(frozen zinc_create zinc_open zinc_close zinc_unlink zinc_ptr zinc_capacity zinc_notify zinc_wait)
if(NOT "zinc_open" IN_LIST used OR NOT "zinc_wait" IN_LIST used)
  message(FATAL_ERROR "no sign of zinc in ${OBJECTS}: ${symbols}")
endif()
list(REMOVE_ITEM used ${frozen})
if(used)
  message(FATAL_ERROR "beside the frozen functions it uses ${used}")
endif()
