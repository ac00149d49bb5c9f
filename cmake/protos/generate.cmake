# Descriptor set -> C++: sources and headers under GENERATED, unity files under UNITY, their names in UNITY_SOURCES.
# A file whose content stays the same keeps its time stamp: a longer list of roots recompiles only what it changes.

set(GENERATED ${CMAKE_BINARY_DIR}/include)
set(UNITY ${CMAKE_BINARY_DIR}/unity)
set(PYTHON ${REPOSITORY}/build/venv/bin/python)
set(PROTO_TOOLS ${REPOSITORY}/tools/protos)
file(GLOB OWN_PROTOS CONFIGURE_DEPENDS RELATIVE ${REPOSITORY}/api/proto ${REPOSITORY}/api/proto/*.proto)
list(TRANSFORM OWN_PROTOS PREPEND ${REPOSITORY}/api/proto/ OUTPUT_VARIABLE OWN_PROTO_PATHS)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROTO_TOOLS}/roots.txt ${PROTO_TOOLS}/descriptor_set.py
             ${PROTO_TOOLS}/unity.py ${OWN_PROTO_PATHS})

find_program(PROTOC protoc REQUIRED)
if(NOT EXISTS ${PYTHON})
  message(FATAL_ERROR "build/venv is missing: run tools/setup")
endif()

execute_process(COMMAND ${PYTHON} ${PROTO_TOOLS}/descriptor_set.py ${PROTO_TOOLS}/roots.txt
                        ${CMAKE_BINARY_DIR}/envoy.desc ${CMAKE_BINARY_DIR}/envoy.list
                COMMAND_ERROR_IS_FATAL ANY)
file(STRINGS ${CMAKE_BINARY_DIR}/envoy.list ENVOY_PROTOS)

# protoc writes every file anew, so it writes beside the tree and what differs is copied.
set(FRESH ${CMAKE_BINARY_DIR}/fresh)
file(REMOVE_RECURSE ${FRESH})
file(MAKE_DIRECTORY ${FRESH})
execute_process(COMMAND ${PROTOC} --descriptor_set_in=${CMAKE_BINARY_DIR}/envoy.desc --cpp_out=${FRESH} ${ENVOY_PROTOS}
                COMMAND_ERROR_IS_FATAL ANY)
if(OWN_PROTOS)
  # Ours may import Envoy's, whose text protoc gets from the descriptor set.
  execute_process(COMMAND ${PROTOC} --descriptor_set_in=${CMAKE_BINARY_DIR}/envoy.desc -I${REPOSITORY}/api/proto
                          --cpp_out=${FRESH} ${OWN_PROTOS}
                  COMMAND_ERROR_IS_FATAL ANY)
endif()
execute_process(COMMAND ${PYTHON} ${PROTO_TOOLS}/unity.py ${FRESH} ${GENERATED} ${UNITY}
                COMMAND_ERROR_IS_FATAL ANY)
file(REMOVE_RECURSE ${FRESH})
file(GLOB UNITY_SOURCES ${UNITY}/*.cc)
