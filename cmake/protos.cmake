# or_protos: the generated C++ that tools/setup built into build/protos. Only xds/, filters/*/*/config.cc, proxy/admin and tests
# may include it (tools/check_layers).

set(PROTOS_DIR ${CMAKE_SOURCE_DIR}/build/protos)
set(PROTOS_ARCHIVE ${PROTOS_DIR}/libor_protos.a)
if(NOT EXISTS ${PROTOS_ARCHIVE})
  message(FATAL_ERROR "The proto library is missing: run tools/setup")
endif()
set(Protobuf_USE_STATIC_LIBS ON) # see link_abseil_statically
find_package(Protobuf 3.21 REQUIRED)

add_library(or_protos_archive STATIC IMPORTED GLOBAL)
set_target_properties(or_protos_archive PROPERTIES IMPORTED_LOCATION ${PROTOS_ARCHIVE})

add_library(or_protos INTERFACE)
target_include_directories(or_protos SYSTEM INTERFACE ${PROTOS_DIR}/include)
# The whole archive: a type that only an Any names must be found in the generated pool too.
target_link_libraries(or_protos INTERFACE "$<LINK_LIBRARY:WHOLE_ARCHIVE,or_protos_archive>" protobuf::libprotobuf)
