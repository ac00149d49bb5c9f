# A folder is a target: add_folder(proxy/http1 DEPENDS or_api ...) makes the static library or_proxy_http1 of proxy/http1/*.cc.

# or_<path with _>
function(folder_target folder out)
  string(REPLACE "/" "_" name ${folder})
  set(${out} or_${name} PARENT_SCOPE)
endfunction()

# The folder's subfolders, as names.
function(subfolders folder out)
  file(GLOB entries CONFIGURE_DEPENDS LIST_DIRECTORIES true RELATIVE ${CMAKE_SOURCE_DIR}/${folder}
       ${CMAKE_SOURCE_DIR}/${folder}/*)
  set(names "")
  foreach(entry IN LISTS entries)
    if(IS_DIRECTORY ${CMAKE_SOURCE_DIR}/${folder}/${entry})
      list(APPEND names ${entry})
    endif()
  endforeach()
  set(${out} ${names} PARENT_SCOPE)
endfunction()

# A library of the given sources; of none while there are none, so that a room may stay empty.
function(add_room target)
  cmake_parse_arguments(PARSE_ARGV 1 ROOM "" "" "SOURCES;DEPENDS")
  if(ROOM_SOURCES)
    add_library(${target} STATIC ${ROOM_SOURCES})
    target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR})
    target_link_libraries(${target} PUBLIC ${ROOM_DEPENDS})
  else()
    add_library(${target} INTERFACE)
    target_include_directories(${target} INTERFACE ${CMAKE_SOURCE_DIR})
    target_link_libraries(${target} INTERFACE ${ROOM_DEPENDS})
  endif()
endfunction()

# RECURSE takes the sources of the subfolders as well.
function(add_folder folder)
  cmake_parse_arguments(PARSE_ARGV 1 FOLDER "RECURSE" "" "DEPENDS")
  folder_target(${folder} target)
  set(glob GLOB)
  if(FOLDER_RECURSE)
    set(glob GLOB_RECURSE)
  endif()
  file(${glob} sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cc)
  add_room(${target} SOURCES ${sources} DEPENDS ${FOLDER_DEPENDS})
endfunction()

# Precompiles `headers` (angle brackets or quotes included) for one target that has sources; SKIP names sources that do without.
function(precompile target)
  cmake_parse_arguments(PARSE_ARGV 1 PCH "" "REUSE" "HEADERS;SKIP")
  get_target_property(type ${target} TYPE)
  if(NOT OUTRIGGER_PCH OR type STREQUAL "INTERFACE_LIBRARY")
    return()
  endif()
  if(PCH_REUSE)
    target_precompile_headers(${target} REUSE_FROM ${PCH_REUSE})
  else()
    target_precompile_headers(${target} PRIVATE ${PCH_HEADERS})
  endif()
  # ccache can only cache what uses a precompiled header if the preprocessor says which one it was.
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
  set_source_files_properties(${PCH_SKIP} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
endfunction()

# Sources that a unity build compiles by themselves: their local names are a neighbour's too.
function(compiled_alone)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()
