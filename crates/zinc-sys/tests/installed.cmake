# Installs into a fresh prefix, moves it elsewhere, and there builds and runs a program in each way that users do.

cmake_minimum_required(VERSION 3.22)

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY COMMAND_ECHO STDOUT)
endfunction()

file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/first)
file(RENAME ${WORK}/first ${WORK}/prefix)

# By find_package, linked with the shared library and with the archive.
run(${CMAKE_COMMAND} -S ${SOURCE} -B ${WORK}/build -DCMAKE_PREFIX_PATH=${WORK}/prefix -DCMAKE_CXX_COMPILER=${CXX})
run(${CMAKE_COMMAND} --build ${WORK}/build)
run(${WORK}/build/shared)
run(${WORK}/build/static)

# By pkg-config.
if(NOT PKG_CONFIG)
  message("not by pkg-config, which is not installed")
  return()
endif()
file(GLOB_RECURSE pc ${WORK}/prefix/zinc.pc)
cmake_path(GET pc PARENT_PATH pc_dir)
cmake_path(GET pc_dir PARENT_PATH lib_dir)
set(ENV{PKG_CONFIG_PATH} ${pc_dir})
run(${PKG_CONFIG} --validate zinc)
foreach(static "" --static)
  execute_process(COMMAND ${PKG_CONFIG} --cflags --libs ${static} zinc OUTPUT_VARIABLE flags
    COMMAND_ERROR_IS_FATAL ANY OUTPUT_STRIP_TRAILING_WHITESPACE)
  separate_arguments(flags UNIX_COMMAND "${flags}")
  if(static)
    # Where both libraries are, the linker takes the shared one unless it is told.
    list(TRANSFORM flags REPLACE "^-lzinc_core$" "-l:libzinc_core.a")
  endif()
  run(${CXX} -std=c++17 ${SOURCE}/program.cpp ${flags} -o ${WORK}/by_pkg_config${static})
  set(ENV{LD_LIBRARY_PATH} ${lib_dir})
  if(static)
    set(ENV{LD_LIBRARY_PATH} "")
  endif()
  run(${WORK}/by_pkg_config${static})
endforeach()
